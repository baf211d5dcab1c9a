import ChannelCombination
import MRIData
import NDArrays
import QSM

/// How receive channels become one, and which maps come with it.
public enum CombinationMethod: String, CoilCombination, Codable, CaseIterable {
  /// Multi-Dimensional Integration by the eigenvector of the echo Gram matrix.
  case mdi
  /// Multi-Dimensional Integration as published, by the ratio of neighbouring echoes.
  case mdiEchoRatio = "mdi-echo-ratio"
  /// Channels freed from their phase at the excitation and added: MCPC-3D-S.
  case mcpc3ds
  /// Walsh's adaptive combination.
  case adaptive
  /// Root sum of squares: magnitudes only.
  case rss

  /// What suits a scan: a field map where its echoes allow one.
  public init(suiting parameters: ScanParameters) {
    self = Self.obstacle(to: parameters) == nil ? .mdi : .adaptive
  }

  /// Refuses a scan whose echoes do not allow the method, before anything is computed.
  ///
  /// - Throws: ``CoilCombinationError`` or ``PhaseUnwrappingError``.
  public func check(_ parameters: ScanParameters) throws {
    switch self {
    case .mdi, .mdiEchoRatio:
      if let obstacle = MDI(estimator: self == .mdi ? .gramEigenvector : .echoRatio).obstacle(to: parameters)
      {
        throw obstacle
      }
    case .mcpc3ds:
      var forward = parameters
      forward.polarities = parameters.polarities.map { _ in .forward }
      if let obstacle = Self.obstacle(to: forward) { throw obstacle }
      try MCPC3DS.check(parameters)
    case .adaptive, .rss: break
    }
  }

  /// Why there can be no field map; `nil` if there can.
  public static func obstacle(to parameters: ScanParameters) -> CoilCombinationError? {
    MDI().obstacle(to: parameters)
  }

  /// How often the images of all channels are computed.
  public var passes: Int { self == .mcpc3ds ? 2 : 1 }

  /// Whether a phase that reversed readouts have is taken out.
  public var removesReadoutPhase: Bool { yieldsMaps || self == .mcpc3ds }

  /// Whether a field map is among the results.
  public var yieldsMaps: Bool { self == .mdi || self == .mdiEchoRatio }

  /// The method that the name stands for.
  public var configuration: MethodConfiguration { method.configuration }

  /// What the method takes that the name stands for.
  public func needs(for size: ScanSize) -> MethodNeeds { method.needs(for: size) }

  private var method: any CoilCombination {
    switch self {
    case .mdi: MDI()
    case .mdiEchoRatio: MDI(estimator: .echoRatio)
    case .mcpc3ds: MCPC3DS()
    case .adaptive: AdaptiveCombination()
    case .rss: RootSumOfSquares()
    }
  }

  /// The combined echoes, and the maps that come with them.
  ///
  /// - Throws: ``CoilCombinationError`` if the echoes do not allow the method, and what computing a channel throws.
  public func callAsFunction(_ images: ChannelImages) throws -> EchoMaps {
    switch self {
    case .mdi: return EchoMaps(try MDI()(images))
    case .mdiEchoRatio:
      return EchoMaps(try MDI(estimator: .echoRatio)(images), combination: "MDI (echo ratio)")
    case .mcpc3ds:
      let echoes = try MCPC3DS()(images)
      return maps(of: images, echoes.map(\.length), echoes.wrappedPhase, "MCPC-3D-S")
    case .adaptive:
      let echoes = try AdaptiveCombination()(images)
      return maps(of: images, echoes.map(\.length), echoes.wrappedPhase, "adaptive (Walsh)")
    case .rss: return maps(of: images, try RootSumOfSquares()(images), nil, "root sum of squares")
    }
  }

  private func maps(
    of images: ChannelImages, _ magnitude: ImageVolumes<Float>, _ phase: ImageVolumes<Float>?, _ name: String
  ) -> EchoMaps {
    EchoMaps(
      magnitude: magnitude, phase: phase, parameters: images.parameters, geometry: images.geometry,
      combination: name, assumptions: images.assumptions)
  }
}
