import Files
import Foundation
import ImageFiles

/// The echoes of a scan in a folder of DICOM files, as NIfTI: made by dcm2niix, a program of its own, where it is installed.
///
/// - SeeAlso: X. Li et al., "The first step for neuroimaging data analysis: DICOM to NIfTI conversion", J Neurosci Methods
///   264:47, 2016, doi:10.1016/j.jneumeth.2016.03.001.
final class DICOMImages: Sendable {
  /// The phase of every echo, the first echo first.
  let phase: [String]
  /// The magnitude, like the phase; none if there is none.
  let magnitude: [String]
  /// The DICOM files.
  let files: [String]
  private let scratch: ScratchFolder

  /// The DICOM files below a folder.
  static func files(in folder: String) -> [String] {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return names.sorted().map { "\(folder)/\($0)" }.filter { path in
      guard (try? RegularFile.length(path)) != nil, let handle = FileHandle(forReadingAtPath: path) else {
        return false
      }
      defer { try? handle.close() }
      let start = try? handle.read(upToCount: 132)
      return start?.count == 132 && start?.suffix(4) == Data("DICM".utf8)
    }
  }

  /// Converts the files.
  ///
  /// - Throws: ``InputError`` if dcm2niix is not installed or fails, or if the files hold no echoes with phase, or several
  ///   scans.
  init(_ files: [String], in source: String) throws {
    guard let program = ExternalProgram(named: "dcm2niix") else {
      throw InputError(
        source, "DICOM is read by dcm2niix, which is not installed",
        remedy: "Install it (apt-get install dcm2niix), or convert to NIfTI with another tool")
    }
    self.files = files
    scratch = try ScratchFolder()
    do {
      do {
        _ = try program.run(["-b", "y", "-ba", "y", "-z", "n", "-f", "%s_%e", "-o", scratch.path, source])
      } catch {
        throw InputError(
          source, "dcm2niix fails: \(error)", remedy: "Run it by itself, and name what it makes")
      }
      (phase, magnitude) = try Self.echoes(in: scratch.path, of: source)
    } catch {
      scratch.remove()
      throw error
    }
  }

  deinit { scratch.remove() }

  /// Tells magnitude and phase by the image type, and sorts echoes by their times.
  private static func echoes(in folder: String, of source: String) throws -> ([String], [String]) {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".nii") }
    var found: [Part: [(time: Double, path: String)]] = [:]
    for name in names {
      let path = "\(folder)/\(name)", sidecar = Sidecar(readableAt: NamedImage.sidecar(of: path))
      guard let time = sidecar.echoTime, let part = Part(sidecar) else { continue }
      found[part, default: []].append((time, path))
    }
    if found[.phase] == nil, found[.complex] != nil {
      throw InputError(
        source, "the files hold real and imaginary parts",
        remedy: "Convert them to magnitude and phase, and give those with `magnitude` and `phase`")
    }
    guard let phases = found[.phase] else {
      throw InputError(
        source, "there is no phase image among the DICOM files", remedy: "Export phase images as well")
    }
    for echoes in found.values where Set(echoes.map(\.time)).count < echoes.count {
      throw InputError(
        source, "there is more than one scan among the DICOM files",
        remedy: "Put one scan into a folder of its own")
    }
    func sorted(_ part: Part) -> [String] { (found[part] ?? []).sorted { $0.time < $1.time }.map(\.path) }
    if let magnitudes = found[.magnitude], magnitudes.map(\.time).sorted() != phases.map(\.time).sorted() {
      throw InputError(
        source, "magnitude and phase have different echo times",
        remedy: "Put one scan into a folder of its own")
    }
    return (sorted(.phase), sorted(.magnitude))
  }

  /// What an image shows, by the words of its type.
  private enum Part {
    case magnitude, phase, complex

    init?(_ sidecar: Sidecar) {
      guard case .array(let values)? = sidecar.extra["ImageType"] else { return nil }
      let words = Set(values.compactMap { if case .string(let word) = $0 { word.uppercased() } else { nil } })
      if !words.isDisjoint(with: ["P", "PHASE"]) {
        self = .phase
      } else if !words.isDisjoint(with: ["M", "MAG", "MAGNITUDE"]) {
        self = .magnitude
      } else if !words.isDisjoint(with: ["REAL", "IMAGINARY"]) {
        self = .complex
      } else {
        return nil
      }
    }
  }
}
