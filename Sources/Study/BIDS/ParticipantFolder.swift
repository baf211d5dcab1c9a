import Files
import Foundation
import ImageFiles

/// The derivatives of one scan in a data set of many, which appear in one step.
///
/// ```
/// dataset_description.json
/// sub-01[/ses-pre]/anat/...           images and maps
/// sub-01[/ses-pre]/figures/STEP/...   previews
/// sub-01[/ses-pre]/regions.tsv        the susceptibility of an atlas's regions, if one was given
/// sub-01[/ses-pre]/provenance.json    what they follow from, and what was assumed
/// ```
public struct ParticipantFolder: Sendable {
  /// What the derivatives follow from.
  public struct Origin: Sendable, Equatable, Codable {
    /// The program's version.
    public var version: String
    /// The choices that were made, by the names that files of settings have.
    public var choices: [String: String]
    /// SHA-256 of every file, by its path in the data set.
    public var inputs: [String: String]

    /// States an origin.
    public init(version: String, choices: [String: String], inputs: [String: String]) {
      self.version = version
      self.choices = choices
      self.inputs = inputs
    }
  }

  private struct Record: Codable {
    var source: Origin
  }

  private static let record = "provenance.json"
  private let dataset: String
  private let scan: BIDSDataset.Scan

  /// The folder.
  public var path: String { "\(dataset)/\(scan.name)" }

  /// The place of a scan's derivatives.
  public init(of scan: BIDSDataset.Scan, in dataset: String) {
    self.scan = scan
    self.dataset = dataset
  }

  /// What the derivatives that are there follow from; `nil` if there are none.
  public var origin: Origin? {
    let record: Record? = try? JSONFile.read("\(path)/\(Self.record)")
    return record?.source
  }

  /// Whether the derivatives of an origin are there.
  ///
  /// - Throws: ``InputError`` if those of another one are, unless they may be replaced.
  public func isFinished(from origin: Origin, replacing: Bool) throws(InputError) -> Bool {
    if self.origin == origin { return true }
    // Records of earlier versions cannot be read, and are those of something else, too.
    guard FileManager.default.fileExists(atPath: "\(path)/\(Self.record)"), !replacing else { return false }
    throw InputError(
      path, "derivatives of other data, choices or another version are there",
      remedy: "Choose another folder, or replace what is there with `replacing`")
  }

  /// Puts the outputs of several steps in place, as one.
  ///
  /// - Parameters:
  ///   - steps: The folders that steps have written, by the names of the steps; they are taken apart.
  ///   - origin: What they follow from.
  /// - Throws: ``FileError``, ``InputError``.
  public func place(_ steps: [(name: String, folder: String)], from origin: Origin) throws {
    let files = FileManager.default
    try files.createDirectory(
      atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    let kind = AtomicFolder.Kind(marker: Self.record) {
      ["anat", "figures", AtlasRun.table, Self.record].contains($0)
    }
    let target = try AtomicFolder(path, kind: kind, replacing: true)
    try files.createDirectory(atPath: "\(target.temporaryPath)/anat", withIntermediateDirectories: true)
    var record: [String: Any] = [
      "source": try JSONSerialization.jsonObject(with: JSONEncoder().encode(origin))
    ]
    for step in steps {
      let previews = "figures/\(step.name)"
      try files.createDirectory(
        atPath: "\(target.temporaryPath)/\(previews)", withIntermediateDirectories: true)
      for (from, to) in [("sub-\(scan.subject)/anat", "anat"), ("figures", previews)] {
        for name in (try? files.contentsOfDirectory(atPath: "\(step.folder)/\(from)")) ?? [] {
          let final = scan.session.map {
            name.replacing("sub-\(scan.subject)_", with: "sub-\(scan.subject)_ses-\($0)_")
          }
          try files.moveItem(
            atPath: "\(step.folder)/\(from)/\(name)", toPath: "\(target.temporaryPath)/\(to)/\(final ?? name)"
          )
        }
      }
      let table = "\(step.folder)/\(AtlasRun.table)"
      if files.fileExists(atPath: table) {
        try files.moveItem(atPath: table, toPath: "\(target.temporaryPath)/\(AtlasRun.table)")
      }
      if let data = files.contents(atPath: "\(step.folder)/\(Self.record)") {
        // Where steps stood meanwhile tells nobody anything.
        let place = step.folder.dropLast(URL(filePath: step.folder).lastPathComponent.count)
        let text = String(decoding: data, as: UTF8.self).replacing(place, with: "")
        record[step.name] = try JSONSerialization.jsonObject(with: Data(text.utf8))
      }
    }
    let text = try JSONSerialization.data(
      withJSONObject: record, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    try AtomicFile.write(
      String(decoding: text, as: UTF8.self) + "\n", to: "\(target.temporaryPath)/\(Self.record)")
    try target.commit()
  }
}
