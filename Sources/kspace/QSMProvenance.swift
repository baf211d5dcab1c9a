import Foundation
import KSpaceToolkit

/// What a susceptibility map was made from, with what, and what was assumed.
struct QSMProvenance: Encodable {
  /// A file and its SHA-256.
  struct Input: Encodable {
    let path: String
    let sha256: String
  }

  let software = "KSpaceToolkit"
  let version = KSpaceVersion.text
  let command = CommandLine.arguments
  let inputs: [Input]
  /// Every setting by the name of its option, as --config takes them.
  let configuration: [String: String]
  let assumptions: [String]
  let findings: QSMFindings

  /// The fingerprints of files.
  static func checksums(of paths: [String]) throws -> [Input] {
    try paths.map { Input(path: $0, sha256: try SHA256.digest(ofFile: $0)) }
  }
}

/// What susceptibility mapping needs, told before it starts.
struct QSMNeeds: CustomStringConvertible {
  private let matrix: Extents?
  private let echoes: Int

  init(_ source: QSMSource) {
    let files = source.paths.compactMap { try? NIfTIFile(at: $0) }
    matrix = files.first?.geometry.matrix
    echoes = max(1, files.reduce(0) { $0 + $1.volumeCount } / 2)
  }

  private var voxels: Double { Double(matrix?.count ?? 0) }

  /// The largest amount of memory that arrays take at one time [bytes]: all echoes as magnitude, phase and complex
  /// numbers with the products that the field comes from, or the volumes of the inversion.
  var memory: Double {
    let count = Double(echoes)
    return 40e6 + voxels * max(16 * count + 4 * count * (count + 1) + 24, 8 * count + 90)
  }

  /// The time on one of today's cores [s]; a TV inversion of 50 iterations.
  private var seconds: Double { voxels * (3e-6 + 1.5e-7 * Double(echoes)) }

  /// Refuses a scan that the machine's memory cannot hold.
  func check() throws(CommandError) {
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    guard memory > available else { return }
    throw CommandError(
      "memory",
      String(format: "about %.1f GB are needed, and there are %.1f GB", memory / 1e9, available / 1e9),
      remedy: "Crop the images, or use a larger machine")
  }

  var description: String {
    let extents = matrix.map(\.description) ?? "unknown"
    let gigabytes = String(format: "%.2f", memory / 1e9), time = String(format: "%.0f", max(1, seconds))
    return "\(extents) voxels; about \(gigabytes) GB of memory and \(time) s of one core, on "
      + "\(counted(Parallelism.threads, "thread"))."
  }
}
