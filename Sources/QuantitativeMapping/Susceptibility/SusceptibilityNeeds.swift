import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays

/// What susceptibility mapping needs, told before it starts.
public struct SusceptibilityNeeds: CustomStringConvertible {
  private let matrix: Extents?
  private let echoes: Int

  /// Looks at the headers of a scan's files.
  public init(_ source: ImageSource) {
    let files = source.paths.compactMap { try? NIfTIFile(at: $0) }
    matrix = files.first?.geometry.matrix
    echoes = max(1, files.reduce(0) { $0 + $1.volumeCount } / 2)
  }

  private var voxels: Double { Double(matrix?.count ?? 0) }

  /// The largest amount of memory that arrays take at one time [bytes]: all echoes as magnitude, phase and complex
  /// numbers with the products that the field comes from, or the volumes of the inversion.
  public var memory: Double {
    let count = Double(echoes)
    return 40e6 + voxels * max(16 * count + 4 * count * (count + 1) + 24, 8 * count + 90)
  }

  /// The time on one of today's cores [s]; a TV inversion of 50 iterations.
  private var seconds: Double { voxels * (3e-6 + 1.5e-7 * Double(echoes)) }

  /// Refuses a scan that the machine's memory cannot hold.
  ///
  /// - Throws: ``InputError``.
  public func check() throws(InputError) {
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    guard memory > available else { return }
    throw InputError(
      "memory",
      String(format: "about %.1f GB are needed, and there are %.1f GB", memory / 1e9, available / 1e9),
      remedy: "Crop the images, or use a larger machine")
  }

  /// One line for the user.
  public var description: String {
    let extents = matrix.map(\.description) ?? "unknown"
    let gigabytes = String(format: "%.2f", memory / 1e9), time = String(format: "%.0f", max(1, seconds))
    return "\(extents) voxels; about \(gigabytes) GB of memory and \(time) s of one core, on "
      + "\(counted(Parallelism.threads, "thread"))."
  }
}
