import KSpaceToolkit

/// What a reconstruction costs one of today's cores, roughly.
///
/// Each part is a count of voxels, channels, echoes and usual iterations times seconds that were measured with the
/// numerical head. Other hosts, and busy ones, differ by a factor of two or three.
struct ReconstructionTime {
  /// The voxels of the encoded grid, of all slices.
  let voxels: Double
  /// The share of its positions that was acquired.
  let acquiredShare: Double
  let channels: Double
  let echoes: Double
  let readoutLength: Double
  let method: ReconstructionMethod

  /// Reading, the transforms and the combination [s per voxel, channel and echo].
  private static let commonCost = 7e-8
  /// ESPIRiT [s per voxel and squared number of combinations of channels].
  private static let sensitivityCost = 1.5e-8
  /// SENSE, and its variant with wavelets [s per voxel, channel, echo and iteration].
  private static let senseCost = 1.2e-8, waveletCost = 2e-8
  /// The factorisation of what GRAPPA predicts a line from [s per cubed number of unknowns].
  private static let factorCost = 5e-11
  /// Its predictions [s per product of complex numbers].
  private static let predictionCost = 5e-10
  /// SPIRiT [s per voxel, squared number of channels, echo and iteration].
  private static let consistencyCost = 6e-9
  /// ReconNet3D's bundled weights [s per voxel, channel and echo].
  private static let networkCost = 3e-6

  /// The whole [s].
  var seconds: Double { Self.commonCost * voxels * channels * echoes + reconstruction }

  /// What comes before the channel images [s].
  private var reconstruction: Double {
    guard acquiredShare < 1 || method == .sense || method == .l1SENSE else { return 0 }
    let combinations = min(channels, 16), volumes = voxels * echoes
    let sensitivities = Self.sensitivityCost * voxels * combinations * combinations
    switch method {
    case .zeroFilled: return 0
    case .sense: return sensitivities + 15 * Self.senseCost * volumes * combinations
    case .l1SENSE: return sensitivities + 60 * Self.waveletCost * volumes * combinations
    case .grappa:
      // Six neighbours of three samples each, at two powers of the signal.
      let unknowns = 18 * combinations, missing = voxels * (1 - acquiredShare) / max(1, readoutLength)
      return Self.factorCost * 2 * missing * unknowns * unknowns * unknowns
        + Self.predictionCost * missing * echoes * readoutLength * unknowns * channels
    case .spirit: return 20 * Self.consistencyCost * volumes * combinations * combinations
    case .l1SPIRiT: return 60 * Self.consistencyCost * volumes * combinations * combinations
    case .reconNet: return Self.networkCost * volumes * channels
    // Five blocks, five steps of conjugate gradients between them, and wavelets at the end.
    case .reconNetSENSE:
      let consistency = 20 * Self.senseCost + 60 * Self.waveletCost
      return sensitivities + volumes * (Self.networkCost + consistency * combinations)
    }
  }
}
