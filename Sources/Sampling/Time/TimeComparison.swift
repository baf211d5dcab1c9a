import Files
import Foundation
import MRIData

/// The acquisition times of several protocols beside each other: a table, and a bar chart.
public struct TimeComparison: Sendable {
  /// The protocols; times saved are counted against the first.
  public let rows: [Row]

  /// One protocol.
  public struct Row: Sendable, Encodable {
    /// The name of the protocol.
    public let name: String
    /// What the time was counted from.
    public let time: AcquisitionTime
    /// The acceleration against the full grid.
    public let gridAcceleration: Double
    /// The published time [s].
    public let published: Double?
    /// What is known about the agreement of the two.
    public let note: String?

    /// Counts a protocol with its masks, beside what was published about it.
    ///
    /// - Throws: ``SamplingError`` if a mask is empty or has other extents than the protocol.
    public init(
      _ scan: ScanProtocol, masks: [SamplingMask], published: ProtocolFile.Published? = nil
    ) throws(SamplingError) {
      name = scan.name
      time = try AcquisitionTime(scan, masks: masks)
      gridAcceleration = Double(scan.matrix.y * scan.matrix.z) / Double(time.positions)
      self.published = published?.duration
      note = published?.note
    }
  }

  /// Compares protocols.
  ///
  /// - Precondition: There is at least one.
  public init(_ rows: [Row]) {
    precondition(!rows.isEmpty, "nothing to compare")
    self.rows = rows
  }

  /// The table, one line per protocol, and the notes under it.
  public var table: String {
    let header = ["protocol", "positions", "AF (grid)", "time", "published", "saved", "positions/s"]
    var cells = [header]
    for row in rows {
      let saved = rows[0].time.duration - row.time.duration
      cells.append([
        row.name, "\(row.time.positions)", String(format: "%.2f", row.gridAcceleration),
        AcquisitionTime.text(row.time.duration), row.published.map(AcquisitionTime.text) ?? "-",
        rows.count > 1 ? String(format: "%.1f min", saved / 60) : "-",
        String(format: "%.1f", row.time.positionsPerSecond),
      ])
    }
    let widths = header.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
    cells.insert(widths.map { String(repeating: "-", count: $0) }, at: 1)
    var lines = [TextTable.text(cells)]
    var notes: [(names: [String], text: String)] = []
    for row in rows {
      guard let text = row.note else { continue }
      if let index = notes.firstIndex(where: { $0.text == text }) {
        notes[index].names.append(row.name)
      } else {
        notes.append(([row.name], text))
      }
    }
    lines += notes.map { "\n\($0.names.joined(separator: ", ")): \($0.text)" }
    return lines.joined(separator: "\n")
  }

  /// A bar chart as SVG: one bar per protocol, a tick where the published time lies.
  public var chart: String {
    let left = 300.0, width = 420.0, step = 34.0, top = 44.0
    let longest = rows.map { max($0.time.duration, $0.published ?? 0) }.max() ?? 1
    let minutes = max(1, (longest / 60).rounded(.up))
    let scale = width / (60 * minutes)
    let bottom = top + step * Double(rows.count)
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(left + width + 130))" height="\(Int(bottom + 56))" \
      font-family="sans-serif" font-size="13">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(left)" y="22" font-size="15">Acquisition time, counted from the samples</text>

      """
    // At most about ten labels along the axis.
    let every = max(1, Int((minutes / 10).rounded(.up)))
    for minute in stride(from: 0, through: Int(minutes), by: every) {
      let x = left + Double(minute) * 60 * scale
      svg += """
        <line x1="\(x)" y1="\(top - 6)" x2="\(x)" y2="\(bottom)" stroke="#ddd"/>
        <text x="\(x)" y="\(bottom + 18)" text-anchor="middle" fill="#555">\(minute) min</text>

        """
    }
    for (index, row) in rows.enumerated() {
      let y = top + step * Double(index)
      let bar = row.time.duration * scale
      var label = AcquisitionTime.text(row.time.duration)
      let saved = (rows[0].time.duration - row.time.duration) / 60
      if index > 0 { label += String(format: " (%+.1f min)", -saved) }
      svg += """
        <text x="\(left - 8)" y="\(y + 16)" text-anchor="end">\(row.name.escapedForMarkup)</text>
        <rect x="\(left)" y="\(y + 2)" width="\(bar)" height="20" fill="\(index == 0 ? "#8a8a8a" : "#3b78b5")"/>
        <text x="\(left + max(bar, (row.published ?? 0) * scale) + 8)" y="\(y + 16)">\(label)</text>

        """
      if let published = row.published {
        let x = left + published * scale
        svg +=
          "<line x1=\"\(x)\" y1=\"\(y - 2)\" x2=\"\(x)\" y2=\"\(y + 26)\" stroke=\"#c0392b\" stroke-width=\"2\"/>\n"
      }
    }
    if rows.contains(where: { $0.published != nil }) {
      svg += "<text x=\"\(left)\" y=\"\(bottom + 42)\" fill=\"#c0392b\">red: published time</text>\n"
    }
    return svg + "</svg>\n"
  }
}
