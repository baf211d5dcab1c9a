import Foundation
import KSpaceToolkit

/// What a simulation will write and need.
struct PhantomNeeds: CustomStringConvertible {
  let geometry: Geometry
  let channels: Int
  let echoes: Int
  let files: PhantomFiles
  /// The memory at the peak [bytes].
  let memory: Int

  /// Refuses a simulation that the machine's memory cannot hold.
  func check() throws(InputError) {
    let available = ProcessInfo.processInfo.physicalMemory
    guard memory > available else { return }
    throw InputError(
      "\(geometry.matrix) voxels with \(channels) channels",
      "the simulation needs about \(megabytes(memory)) of memory, and there are \(megabytes(Int(available)))",
      remedy: "Choose a smaller --matrix, a larger --voxel-size or fewer --channels")
  }

  var description: String {
    let size = geometry.voxelSize * 1000
    let volume = geometry.matrix.count * MemoryLayout<Complex<Float>>.size
    let voxels = String(format: "%gx%gx%g mm", size.x, size.y, size.z)
    return """
      numerical head, \(geometry.matrix) voxels of \(voxels), \(channels) channels, \(echoes) echoes
      would write \(files.scan) (\(megabytes(volume * channels * echoes))) and the maps in \(files.truth) (up to \(megabytes(volume * (channels + 2))))
      needs about \(megabytes(memory)) of memory
      """
  }

  private func megabytes(_ bytes: Int) -> String { "\(max(1, bytes / 1_000_000)) MB" }
}
