import Foundation
import KSpaceToolkit

/// What a reconstruction will do, and what it needs, told before it starts.
struct ReconstructionNeeds: CustomStringConvertible {
  private let size: ScanSize
  private let method: ReconstructionMethod
  private let combination: CombinationMethod
  private let acceleration: Double?

  /// Names what will be done.
  ///
  /// - Parameter acceleration: What the scan will be undersampled by first, grid over acquired; `nil` to take it as it is.
  init(
    _ size: ScanSize, _ method: ReconstructionMethod, _ combination: CombinationMethod,
    acceleration: Double? = nil
  ) {
    self.size = size
    self.method = method
    self.combination = combination
    self.acceleration = acceleration
  }

  /// The largest amount of memory that arrays take at one time [bytes].
  ///
  /// A floating-point number, as a damaged header may ask for more than an integer holds.
  var memory: Double {
    let kspace = size.kspaceBytes, channels = Double(size.channels)
    let threads = min(channels, Double(Parallelism.threads))
    let echoes = Double(size.echoes)
    // The images of one channel, all echoes and slices.
    let volume = kspace / channels
    let acquired = kspace * acquiredShare
    // Channels in flight are held whole, and once more where they are cropped.
    let inFlight = threads * volume * (size.matrix == size.prescribed ? 1 : 2)
    // Combined echoes, their magnitude and phase, and the headers of the readouts on top of the program itself.
    let common =
      acquired + inFlight + reconstruction(kspace, acquired) + 3 * volume + 400 * Double(size.readouts)
      + 60e6
    switch combination {
    case .mdi, .mdiEchoRatio:
      // The echo Gram matrix has echoes * (echoes + 1) / 2 elements per voxel, and there are four maps.
      return common + (echoes + 1) / 2 * volume + 2 * volume / echoes
    // The sum of the channels beside those in work, and a few volumes of one echo.
    case .mcpc3ds: return common + volume + 6 * volume / echoes
    case .adaptive: return common + kspace
    case .rss: return common
    }
  }

  /// The time on one of today's cores [s].
  var seconds: Double {
    let matrix = size.matrix, slices = Double(size.slices)
    return ReconstructionTime(
      voxels: Double(matrix.x) * Double(matrix.y) * Double(matrix.z) * slices, acquiredShare: acquiredShare,
      channels: Double(size.channels), echoes: Double(size.echoes),
      readoutLength: Double(matrix.x), method: method
    ).seconds
  }

  /// The share of the grid's positions that was acquired, over all slices and echoes.
  private var acquiredShare: Double {
    if let acceleration { return 1 / acceleration }
    let matrix = size.matrix
    let positions = Double(matrix.y) * Double(matrix.z) * Double(size.echoes)
    let images = size.imageReadouts
    return min(1, Double(images) / max(1, positions * Double(size.slices)))
  }

  /// What the reconstruction holds beyond the acquired samples [bytes].
  private func reconstruction(_ kspace: Double, _ acquired: Double) -> Double {
    let channels = Double(size.channels), echoes = Double(size.echoes)
    let threads = Double(Parallelism.threads), slices = Double(size.slices)
    let element = Double(MemoryLayout<Complex<Float>>.stride)
    let plane = Double(size.matrix.y) * Double(size.matrix.z) * element
    // The whole grid, for methods that work on it; a fully sampled scan is one already.
    let grid = acquired < kspace ? kspace : 0
    guard acquired < kspace || method == .sense || method == .l1SENSE else { return 0 }
    // Sensitivities and one echo's acquired samples in hybrid space, of one slice; the images of all echoes.
    let sensitivities = kspace / (echoes * slices)
    let encoded = sensitivities + acquired / (echoes * slices) + kspace / channels
    // Many channels are mixed to virtual ones.
    let sources = channels > 12 ? 16.0 : channels
    let mixed = sensitivities * sources / channels
    switch method {
    case .zeroFilled: return 0
    case .sense: return encoded + (sources < channels ? mixed : 0)
    // Sensitivities once more, plane by plane, and the volumes of an echo's iterations.
    case .l1SENSE: return encoded + mixed + 7 * sensitivities / channels
    case .grappa:
      let missing = (kspace - acquired) / slices
      let block = slices * min(missing, max(Double(GRAPPA.blockMemory), threads * missing / channels))
      // The covariance of 28 neighbours of three samples, in parts.
      let order = 84 * sources
      return acquired * sources / channels + block + 6 * order * order * element
    // The network's windows; the scan's k-space with its zeros.
    case .reconNet: return grid + Double(ReconNet3D.defaultMemoryLimit)
    // As for L1-SENSE, which ends it, with the image before it and its prior; and the network's windows.
    case .reconNetSENSE:
      return encoded + mixed + 9 * sensitivities / channels + Double(ReconNet3D.defaultMemoryLimit)
    // The missing samples, one echo's acquired samples in hybrid space, and each thread's matrices of a plane.
    case .spirit, .l1SPIRiT:
      return (kspace - acquired) * sources / channels + acquired / (echoes * slices)
        + threads * plane * sources * (sources + 8)
    }
  }

  /// Refuses a scan that the machine's memory cannot hold.
  func check(_ path: String) throws(InputError) {
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    guard memory > available else { return }
    throw InputError(
      path,
      String(
        format: "the reconstruction needs about %.1f GB of memory, and there are %.1f GB",
        memory / 1e9,
        Double(available) / 1e9),
      remedy: "Read one slice or repetition at a time, check --matrix, or use a larger machine")
  }

  var description: String {
    let slices = size.slices
    let gigabytes = String(format: "%.2f", memory / 1e9), time = String(format: "%.0f", max(1, seconds))
    return """
      \(counted(size.channels, "channel")), \(counted(size.echoes, "echo")), \(size.prescribed) voxels\
      \(slices > 1 ? " in each of \(slices) slices" : ""): \(method.rawValue), then \(combination.rawValue); \
      about \(gigabytes) GB of memory and \(time) s of one core, on \(counted(Parallelism.threads, "thread")).
      """
  }
}
