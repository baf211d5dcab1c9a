import Foundation
import KSpaceToolkit

/// What a reconstruction will do, and what it needs, told before it starts.
struct ReconstructionNeeds: CustomStringConvertible {
  private let layout: ScanLayout
  private let method: ReconstructionMethod
  private let combination: CombinationMethod

  init(_ layout: ScanLayout, _ method: ReconstructionMethod, _ combination: CombinationMethod) {
    self.layout = layout
    self.method = method
    self.combination = combination
  }

  /// The largest amount of memory that arrays take at one time [bytes].
  var memory: Int {
    let echoes = layout.parameters.echoTimes.count
    let sample = MemoryLayout<Complex<Float>>.stride
    let grid = Extents(x: layout.grid.readoutLength, y: layout.grid.matrix.y, z: layout.grid.matrix.z)
    let slices = layout.sliceCounters.count
    let volume = grid.count * slices * echoes * sample
    let kspace = volume * layout.channels
    // Channels in flight are held once as k-space and once cropped; maps and combined echoes come on top.
    let channels = min(layout.channels, 2 * Parallelism.threads) * volume
    // Combined echoes, their magnitude and phase, and the headers of the readouts on top of the program itself.
    let common = kspace + channels + 3 * volume + 400 * layout.uses.count + 40_000_000
    switch combination {
    case .mdi, .mdiEchoRatio:
      // The echo Gram matrix has echoes * (echoes + 1) / 2 elements per voxel.
      let gram = (echoes + 1) * volume / 2
      return common + gram + volume / max(echoes, 1) * 2
    case .adaptive: return common + kspace
    case .rss: return common
    }
  }

  /// Refuses a scan that the machine's memory cannot hold.
  func check(_ path: String) throws(CommandError) {
    let available = ProcessInfo.processInfo.physicalMemory
    guard memory > available else { return }
    throw CommandError(
      path,
      String(
        format: "the reconstruction needs about %.1f GB of memory, and there are %.1f GB",
        Double(memory) / 1e9,
        Double(available) / 1e9),
      remedy: "Read one slice or repetition at a time, check --matrix, or use a larger machine")
  }

  var description: String {
    let parameters = layout.parameters
    let slices = layout.sliceCounters.count
    let gigabytes = String(format: "%.2f", Double(memory) / 1e9)
    return """
      \(counted(layout.channels, "channel")), \(counted(parameters.echoTimes.count, "echo")), \(layout.grid.prescribed) voxels\
      \(slices > 1 ? " in each of \(slices) slices" : ""): \(method.rawValue), then \(combination.rawValue); \
      about \(gigabytes) GB of memory on \(counted(Parallelism.threads, "thread")).
      """
  }
}
