import ArgumentParser
import KSpaceToolkit

/// The network of `reconnet` or `reconnet-sense`: its weights, and the channels that it sees.
struct NetworkArguments: ParsableArguments {
  @Option(
    help:
      "For reconnet and reconnet-sense: a safetensors file of trained weights (default: the bundled ones).")
  var weights: String?

  @Option(
    help:
      "For reconnet: reconstruct so many virtual channels, which gather the signal of all receive channels.")
  var virtualChannels: Int?

  /// Refuses options of the network where other methods are asked for.
  func check(_ methods: [ReconstructionMethod]) throws {
    let names = methods.map(\.rawValue).joined(separator: ", ")
    let networks = methods.filter { [.reconNet, .reconNetSENSE].contains($0) }
    if weights != nil, networks.isEmpty {
      throw ValidationError("--weights is for reconnet and reconnet-sense, not for \(names).")
    }
    if weights != nil, networks.count > 1 {
      throw ValidationError(
        "--weights \(weights ?? ""): reconnet and reconnet-sense have weights of their own. Name one of them."
      )
    }
    if virtualChannels != nil, !methods.contains(.reconNet) {
      throw ValidationError("--virtual-channels is for reconnet, not for \(names).")
    }
    if let virtualChannels, virtualChannels < 1 {
      throw ValidationError("--virtual-channels \(virtualChannels): at least 1 is needed.")
    }
  }

  /// The cascade on the image of all channels.
  ///
  /// - Throws: `ReconNetError` if the weights cannot be used.
  func reconstruction(_ sensitivities: SensitivitySource) throws -> ReconNetSENSE {
    try ReconNetSENSE(weights: source, calibration: sensitivities)
  }

  /// The network, on virtual channels if so asked.
  ///
  /// - Throws: `ReconNetError` if the weights cannot be used.
  func reconstruction() throws -> any Reconstruction {
    let network = try ReconNet3D(weights: source)
    guard let virtualChannels else { return network }
    return CompressedReconstruction(
      network, by: CoilCompression(.uniform, keeping: .channels(virtualChannels)))
  }

  private var source: WeightSource { weights.map { .file($0) } ?? .bundled }
}
