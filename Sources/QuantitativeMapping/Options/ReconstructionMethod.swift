/// The reconstructions of every channel's images by name.
public enum ReconstructionMethod: String, Sendable, Codable, CaseIterable {
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

  /// Whether weights are needed.
  public var isNetwork: Bool { self == .reconNet || self == .reconNetSENSE }

  /// Whether sensitivities are estimated.
  public var usesSensitivities: Bool { self == .sense || self == .l1SENSE || self == .reconNetSENSE }
}
