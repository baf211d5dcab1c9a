import Files
import Foundation
import ImageFiles
import MRIData

/// The images of one scan, found but not read: what a reconstruction wrote, or those of other tools.
///
///     let maps = try ImageSource(folder: "head").maps()
public struct ImageSource: Sendable {
  /// What the files are.
  enum Content {
    /// Echoes as magnitude and phase; each list holds one file of all echoes, or one per echo.
    case echoes(phase: [String], magnitude: [String])
    /// A wrapped field map with its noise and R2*, and the magnitudes of the echoes.
    case fieldMap(field: String, noise: String?, r2Star: String?, magnitude: [String])
    /// A field without wraps, total or local, and what was given beside it.
    case field(String, FieldMap.Stage, noise: String?, magnitude: [String])
  }

  let content: Content
  /// What the scan is called.
  public let name: String
  let reading: ImageReading
  /// The images of DICOM files, which vanish with the last source of them.
  private var converted: DICOMImages?

  /// Names the echoes of a scan.
  ///
  /// - Parameters:
  ///   - phase: The phase: one file of all echoes, or one per echo.
  ///   - magnitude: The magnitude, like the phase; none if there is none.
  ///   - reading: What the user says where files are silent.
  public init(phase: [String], magnitude: [String], reading: ImageReading = .init()) {
    precondition(!phase.isEmpty, "a scan without files")
    name = phase[0]
    content = .echoes(phase: phase, magnitude: magnitude)
    self.reading = reading
  }

  /// Names a field that is unwrapped already.
  ///
  /// - Parameters:
  ///   - field: The field as NIfTI, in Hz, ppm or radians as its sidecar or ``ImageReading/fieldUnit`` says.
  ///   - stage: Whether it is total or local.
  ///   - noise: Its standard deviation, in the same unit.
  ///   - magnitude: The magnitude of the scan; none if there is none.
  ///   - reading: What the user says where files are silent.
  public init(
    field: String, stage: FieldMap.Stage, noise: String? = nil, magnitude: [String] = [],
    reading: ImageReading = .init()
  ) {
    name = field
    content = .field(field, stage, noise: noise, magnitude: magnitude)
    self.reading = reading
  }

  /// Finds the files of a folder: NIfTI by their names, or DICOM, which is converted where dcm2niix is installed.
  ///
  /// - Throws: ``InputError`` if there are none, or those of several scans.
  public init(folder: String, reading: ImageReading = .init()) throws {
    self.reading = reading
    name = folder
    let files = try Self.images(in: folder)
    if files.isEmpty, case let originals = DICOMImages.files(in: folder), !originals.isEmpty {
      let images = try DICOMImages(originals, in: folder)
      content = .echoes(phase: images.phase, magnitude: images.magnitude)
      converted = images
      return
    }
    let fields = files.filter { $0.hasEntity("desc-wrapped") && $0.suffix == "fieldmap" }
    if fields.count > 1 { throw Self.severalScans(folder, fields.map(\.path)) }
    if let field = fields.first {
      func beside(_ suffix: String, _ entity: String? = nil) -> String? {
        files.first {
          $0.suffix == suffix && $0.folder == field.folder && $0.scan == field.scan
            && (entity == nil ? !$0.entities.contains { $0.hasPrefix("desc-") } : $0.hasEntity(entity ?? ""))
        }?.path
      }
      let magnitude = files.filter { $0.hasEntity("part-mag") && $0.scan == field.scan }
      content = .fieldMap(
        field: field.path, noise: beside("fieldmap", "desc-noise"), r2Star: beside("R2starmap"),
        magnitude: magnitude.sorted { $0.echo < $1.echo }.map(\.path))
      return
    }
    let phases = files.filter { $0.hasEntity("part-phase") && !$0.isChannel }
    guard let first = phases.first else {
      throw InputError(
        folder, "there is neither a wrapped field map nor a phase image (part-phase) in this folder",
        remedy: "Name the files with `magnitude` and `phase`")
    }
    if phases.contains(where: { $0.scan != first.scan || $0.suffix != first.suffix }) {
      throw Self.severalScans(folder, phases.map(\.path))
    }
    let magnitudes = files.filter {
      $0.hasEntity("part-mag") && $0.scan == first.scan && $0.suffix == first.suffix
    }
    content = .echoes(
      phase: phases.sorted { $0.echo < $1.echo }.map(\.path),
      magnitude: magnitudes.sorted { $0.echo < $1.echo }.map(\.path))
  }

  /// All files that will be read, but sidecars.
  public var paths: [String] {
    switch content {
    case .echoes(let phase, let magnitude): phase + magnitude
    case .fieldMap(let field, let noise, let r2Star, let magnitude):
      [field, noise, r2Star].compactMap(\.self) + magnitude
    case .field(let field, _, let noise, let magnitude): [field, noise].compactMap(\.self) + magnitude
    }
  }

  /// The files as the user has them: those that will be read, or the DICOM files that they were made of.
  public var originals: [String] { converted?.files ?? paths }

  /// The sidecars of the files that will be read, which state echo times, field, sign and units; those that are there.
  public var sidecars: [String] {
    guard converted == nil else { return [] }
    return paths.map { NamedImage.sidecar(of: $0) }.filter { FileManager.default.fileExists(atPath: $0) }
  }

  /// One line about the files.
  public var summary: String {
    switch content {
    case .echoes(let phase, let magnitude):
      "\(name): \(counted(phase.count, "phase file")), \(counted(magnitude.count, "magnitude file"))."
    case .fieldMap(_, let noise, _, let magnitude):
      "\(name): a wrapped field map\(noise == nil ? "" : " with its noise"), \(counted(magnitude.count, "magnitude file"))."
    case .field(_, let stage, let noise, _):
      "\(name): a \(stage == .local ? "local" : "total") field\(noise == nil ? "" : " with its noise")."
    }
  }

  private static func severalScans(_ folder: String, _ paths: [String]) -> InputError {
    InputError(
      folder, "there is more than one scan in this folder (\(paths.prefix(3).joined(separator: ", ")), ...)",
      remedy: "Name the files of one with `magnitude` and `phase`")
  }

  private static func images(in folder: String) throws -> [NamedImage] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw InputError(folder, "there is no such folder", remedy: "Check the path")
    }
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return paths.sorted().compactMap { NamedImage("\(folder)/\($0)") }
  }
}
