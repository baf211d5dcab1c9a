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
  ///
  /// A floating-point number, as a damaged header may ask for more than an integer holds.
  var memory: Double {
    let kspace = Double(layout.kspaceBytes), channels = Double(max(1, layout.channels))
    // The images of one channel, all echoes and slices.
    let volume = kspace / channels
    // Channels in flight are held once as k-space and once cropped.
    let inFlight = min(channels, 2 * Double(Parallelism.threads)) * volume
    let echoes = Double(max(1, layout.parameters.echoTimes.count))
    let parallelImaging =
      switch method {
      case .zeroFilled: 0.0
      // Sensitivities, one echo's acquired samples in hybrid space, and the images of all echoes.
      case .sense, .l1SENSE: 2 * kspace / echoes + volume
      // K-space once more, filled.
      case .grappa: kspace
      }
    // Combined echoes, their magnitude and phase, and the headers of the readouts on top of the program itself.
    let common = kspace + inFlight + parallelImaging + 3 * volume + 400 * Double(layout.uses.count) + 40e6
    switch combination {
    case .mdi, .mdiEchoRatio:
      // The echo Gram matrix has echoes * (echoes + 1) / 2 elements per voxel, and there are four maps.
      return common + (echoes + 1) / 2 * volume + 2 * volume / echoes
    case .adaptive: return common + kspace
    case .rss: return common
    }
  }

  /// Refuses a scan that the machine's memory cannot hold.
  func check(_ path: String) throws(CommandError) {
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    guard memory > available else { return }
    throw CommandError(
      path,
      String(
        format: "the reconstruction needs about %.1f GB of memory, and there are %.1f GB",
        memory / 1e9,
        Double(available) / 1e9),
      remedy: "Read one slice or repetition at a time, check --matrix, or use a larger machine")
  }

  var description: String {
    let parameters = layout.parameters
    let slices = layout.sliceCounters.count
    let gigabytes = String(format: "%.2f", memory / 1e9)
    return """
      \(counted(layout.channels, "channel")), \(counted(parameters.echoTimes.count, "echo")), \(layout.grid.prescribed) voxels\
      \(slices > 1 ? " in each of \(slices) slices" : ""): \(method.rawValue), then \(combination.rawValue); \
      about \(gigabytes) GB of memory on \(counted(Parallelism.threads, "thread")).
      """
  }
}
