import ArgumentParser
import KSpaceToolkit

/// The per-channel reconstructions that the command offers.
enum ReconstructionMethod: String, ExpressibleByArgument, CaseIterable {
  /// The inverse Fourier transform of what was sampled.
  case zeroFilled = "zero-filled"
  /// Iterative SENSE with ESPIRiT's sensitivities.
  case sense
  /// The same with a preference for few wavelets.
  case l1SENSE = "l1-sense"
  /// Missing samples predicted from their neighbours.
  case grappa
  /// Missing samples that are consistent with all their neighbours.
  case spirit
  /// The same with a preference for few wavelets.
  case l1SPIRiT = "l1-spirit"
  /// A cascaded network with data consistency, one channel at a time.
  case reconNet = "reconnet"
  /// Its blocks on the image of all channels, with SENSE's data consistency.
  case reconNetSENSE = "reconnet-sense"

  /// The reconstruction, with sensitivities from a source where it needs some, or a network, and its window.
  ///
  /// - Throws: `ReconNetError` if the network's weights cannot be used.
  func method(
    _ sensitivities: SensitivitySource, _ network: NetworkArguments, _ window: KSpaceWindow?,
    _ partialFourier: PartialFourierFilling = .zeroFilled
  ) throws -> any Reconstruction {
    var method = try method(sensitivities, network)
    if partialFourier == .pocs { method = PartialFourierMagnitude(method) }
    return window.map { WindowedReconstruction(method, by: $0) } ?? method
  }

  private func method(
    _ sensitivities: SensitivitySource, _ network: NetworkArguments
  ) throws -> any Reconstruction {
    switch self {
    case .zeroFilled: ZeroFilled()
    case .sense: SENSE(calibration: sensitivities)
    case .l1SENSE: L1WaveletSENSE(calibration: sensitivities)
    case .grappa: GRAPPA()
    case .spirit: SPIRiT()
    case .l1SPIRiT: L1WaveletSPIRiT()
    case .reconNet: try network.reconstruction()
    case .reconNetSENSE: try network.reconstruction(sensitivities)
    }
  }

  /// The label of the BIDS entity `rec`.
  var label: String { rawValue.filter { $0 != "-" } }
}

/// What becomes of the part of k-space that partial Fourier scans leave out.
enum PartialFourierFilling: String, ExpressibleByArgument, CaseIterable {
  /// It stays zero.
  case zeroFilled = "zero-filled"
  /// Magnitudes are completed by projections; phases stay.
  case pocs
}
