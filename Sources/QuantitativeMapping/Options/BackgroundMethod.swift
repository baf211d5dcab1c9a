import QSM

/// The ways to remove a background by name.
public enum BackgroundMethod: String, Sendable, Codable, CaseIterable {
  case auto, vsharp, sharp, resharp, pdf, lbv, tfi, ismv

  /// Whether spheres are involved.
  public var hasRadius: Bool { ![.auto, .pdf, .lbv, .tfi].contains(self) }

  /// The method.
  ///
  /// - Parameter radius: The radius of the largest sphere [m]; the method's own unless given.
  public func method(radius: Double? = nil) -> any BackgroundRemoval {
    switch self {
    case .auto: AutomaticBackground()
    case .vsharp: radius.map { VSHARP(largestRadius: $0) } ?? VSHARP()
    case .sharp: radius.map { SHARP(radius: $0) } ?? SHARP()
    case .resharp: radius.map { RESHARP(radius: $0) } ?? RESHARP()
    case .pdf: PDF()
    case .lbv: LBV()
    case .tfi: TFI()
    case .ismv: radius.map { ISMV(radius: $0) } ?? ISMV()
    }
  }
}
