import ArgumentParser
import KSpaceToolkit

/// The ways from echoes to a field that the command offers.
enum FieldMethod: String, ExpressibleByArgument, CaseIterable {
  case mdi, mcpc3ds
}

/// The ways to R2*.
enum RelaxationMethod: String, ExpressibleByArgument, CaseIterable {
  case mdi, arlo
}

extension PhaseFit.Weights: ExpressibleByArgument {
  /// The names of all weights.
  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// How a mask is made.
enum MaskMethod: String, ExpressibleByArgument, CaseIterable {
  /// Tissue with a phase within the surface.
  case brain
  /// A surface that grows from the middle of the head to the brain's edge.
  case surface
  /// The brightness of the magnitude, with morphology.
  case threshold
  /// The same of ROMEO's map of phase quality times the magnitude.
  case quality
}

/// The ways to unwrap that the command offers: ROMEO's presets, and the Laplacian.
enum UnwrappingMethod: String, ExpressibleByArgument, CaseIterable {
  case romeo, romeo2, romeo3, romeo4, romeo6, bestpath, laplacian

  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

  func method(seeds: Int) -> FieldUnwrapping.Method {
    switch self {
    case .laplacian: .laplacian
    default: .regionGrowing(romeo(seeds: seeds))
    }
  }

  /// Region growing with the preset's weights; those of `romeo` for the Laplacian.
  func romeo(seeds: Int) -> ROMEO {
    let weights: ROMEO.Weights =
      switch self {
      case .romeo, .romeo4, .laplacian: .romeo
      case .romeo2: .romeo2
      case .romeo3: .romeo3
      case .romeo6: .romeo6
      case .bestpath: .bestpath
      }
    return ROMEO(weights: weights, seeds: seeds, mergesRegions: true, correctsGlobalWraps: true)
  }
}

/// The ways to remove a background that the command offers.
enum BackgroundMethod: String, ExpressibleByArgument, CaseIterable {
  case auto, vsharp, sharp, resharp, pdf, lbv, ismv

  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// Whether spheres are involved.
  var hasRadius: Bool { self != .auto && self != .pdf && self != .lbv }

  /// The method, with its own radius unless one is given [m].
  func method(radius: Double?) -> any BackgroundRemoval {
    switch self {
    case .auto: AutomaticBackground()
    case .vsharp: radius.map { VSHARP(largestRadius: $0) } ?? VSHARP()
    case .sharp: radius.map { SHARP(radius: $0) } ?? SHARP()
    case .resharp: radius.map { RESHARP(radius: $0) } ?? RESHARP()
    case .pdf: PDF()
    case .lbv: LBV()
    case .ismv: radius.map { ISMV(radius: $0) } ?? ISMV()
    }
  }
}

/// The ways to invert dipoles that the command offers.
enum InversionMethod: String, ExpressibleByArgument, CaseIterable {
  case tv, nltv, tkd, l2, rts, network

  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// Whether gradients are penalized, with weights.
  var isTotalVariation: Bool { self == .tv || self == .nltv }

  /// The method that the arguments describe.
  ///
  /// - Parameter echoTimes: The echo times [s]; the phase of nonlinear methods is that at their mean.
  /// - Throws: An error that names the file of a network, if it cannot be used.
  func method(_ arguments: QSMMethodArguments, echoTimes: [Double]) throws -> any DipoleInversion {
    switch self {
    case .tv, .nltv:
      var method = TotalVariation()
      if let weight = arguments.regularization { method.regularization = weight }
      method.edges = arguments.edgeWeights ? EdgeWeights() : nil
      method.weighsData = arguments.dataWeights
      method.blendsLinear = arguments.linearBlend
      method.expectedDeviation = arguments.expectedDeviation > 0 ? arguments.expectedDeviation : nil
      method.reweightings = arguments.reweightings
      if self == .nltv {
        let time = echoTimes.isEmpty ? 0.015 : echoTimes.reduce(0, +) / Double(echoTimes.count)
        method.fidelity = .phase(echoTime: time)
      }
      return method
    case .tkd: return arguments.regularization.map { TKD(threshold: $0) } ?? TKD()
    case .rts: return RTS()
    case .network: return LearnedInversion(try NetworkFile(arguments.model ?? ""))
    case .l2:
      return arguments.regularization.map { QuadraticInversion(regularization: $0) } ?? QuadraticInversion()
    }
  }
}

extension PhaseScale: ExpressibleByArgument, CustomStringConvertible {
  /// Reads `auto`, `radians`, `siemens`, or the number that stands for `pi`.
  public init?(argument: String) {
    switch argument {
    case "auto": self = .automatic
    case "radians", "rad": self = .radians
    case "siemens": self = .half(4096)
    default:
      guard let value = Float(argument), value > 0, value.isFinite else { return nil }
      self = .half(value)
    }
  }

  /// The word, or the number.
  public var description: String {
    switch self {
    case .automatic: "auto"
    case .radians: "radians"
    case .half(let value): "\(value)"
    }
  }
}
