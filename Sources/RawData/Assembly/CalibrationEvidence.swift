import Foundation
import MRIData
import Numerics

/// What samples say about calibration lines that the header has within the scan.
///
/// Lines of a scan of their own, with another contrast, have no place in its images. Such scans measure positions again that
/// the image lines have, too; there both can be compared.
struct CalibrationEvidence {
  /// What is wrong; `nil` if lines agree, or if nothing can be compared.
  let finding: Finding?

  /// The image lines that are looked at, at most.
  private static let mostLines = 128
  /// The part of the signal that two lines of one scan have in common at least.
  private static let agreement = 0.9

  /// Compares the strongest pair of lines of the middle slice.
  ///
  /// - Throws: ``RawDataError`` if samples are missing.
  init(_ source: some ReadoutSource, _ layout: ScanLayout) throws(RawDataError) {
    finding = try Self.finding(source, layout)
  }

  private static func finding(
    _ source: some ReadoutSource, _ layout: ScanLayout
  ) throws(RawDataError) -> Finding? {
    guard layout.calibrationIsEmbedded, !layout.sliceCounters.isEmpty else { return nil }
    let slice = layout.sliceCounters[layout.sliceCounters.count / 2]
    let images = layout.image.filter { $0.slice == slice && $0.turn == 0 }
    let imageAt = Dictionary(images.map { ($0.position, $0.acquisition) }, uniquingKeysWith: { a, _ in a })
    let headers = source.acquisitions
    // The strongest lines lie near the centre.
    let pairs = layout.calibration.filter { layout.uses[$0.acquisition] == .calibration && $0.turn == 0 }
      .sorted { distance($0, layout.grid) < distance($1, layout.grid) }
      .compactMap { calibration -> (image: Int, calibration: Int)? in
        guard let image = imageAt[calibration.position] else { return nil }
        let (a, b) = (headers[image], headers[calibration.acquisition])
        guard a.valueCount == b.valueCount, a.activeChannels == b.activeChannels,
          a.centerSample == b.centerSample, a.flags.contains(.isReverse) == b.flags.contains(.isReverse)
        else { return nil }
        return (image, calibration.acquisition)
      }.prefix(mostLines)
    guard !pairs.isEmpty else { return nil }
    let first = images.filter { $0.echo == 0 }.map(\.acquisition)
    let others = stride(from: 0, to: first.count, by: max(1, first.count / mostLines)).map { first[$0] }
    let rows = try source.samples(
      of: Set(others + pairs.flatMap { [$0.image, $0.calibration] }).sorted())
    let energies = rows.mapValues { row in row.reduce(0) { $0 + energy($1) } }
    guard let strongest = pairs.max(by: { energies[$0.image, default: 0] < energies[$1.image, default: 0] }),
      let image = rows[strongest.image], let calibration = rows[strongest.calibration]
    else { return nil }
    // Noise is unlike by nature; what stands out of the other lines is signal.
    let usual = others.compactMap { energies[$0] }.sorted()
    guard !usual.isEmpty, energies[strongest.image, default: 0] > 10 * usual[usual.count / 2] else {
      return nil
    }
    var total = 0.0, apart = 0.0
    for (a, b) in zip(image, calibration) {
      total += energy(a) + energy(b)
      apart += energy(a - b)
    }
    guard total > 0, total.isFinite, apart > (1 - agreement) * total else { return nil }
    return .warning(
      String(
        format:
          "the header has the calibration lines within the scan (embedded), but that of line %d is not like the image line at its place (%.0f %% of their signal is not common)",
        Int(headers[strongest.calibration].counters.line), 100 * min(1, apart / total)),
      assuming: "they were measured apart: they calibrate, and are no part of images",
      remedy: "Set calibrationMode to separate with the converter")
  }

  private static func energy(_ value: Complex<Float>) -> Double {
    Double(value.real) * Double(value.real) + Double(value.imaginary) * Double(value.imaginary)
  }

  private static func distance(_ readout: PlacedReadout, _ grid: EncodedGrid) -> Int {
    max(abs(readout.line - grid.matrix.y / 2), abs(readout.partition - grid.matrix.z / 2))
  }
}
