import ArgumentParser
import KSpaceToolkit

/// Images, and what their headers leave open or state wrongly.
struct QSMImageArguments: ParsableArguments {
  @Option(parsing: .upToNextOption, help: "Phase as NIfTI: one file of all echoes, or one per echo.")
  var phase: [String] = []

  @Option(parsing: .upToNextOption, help: "Magnitude as NIfTI, like the phase.")
  var magnitude: [String] = []

  @Option(help: "The echo times with their unit, such as 3.3ms,6.4ms; else from the sidecars.")
  var echoTimes: EchoTimes?

  @Option(help: "The static field, such as 3T; else from the sidecars.")
  var fieldStrength: FieldStrength?

  @Option(
    help:
      "The direction of the static field along the voxel axes, such as 0,0.17,0.98; else from the sidecars.")
  var fieldDirection: Direction3?

  @Option(help: "What stored phase means: auto, radians, or the number that stands for pi.")
  var phaseScale = PhaseScale.automatic

  @Option(help: "The sign of the phase: positive if paramagnetic matter makes it grow, negative, or auto.")
  var phaseSign = PhaseSignChoice.automatic

  /// The settings by option name.
  var resolved: [String: String] {
    var result = ["phase-scale": phaseScale.description, "phase-sign": phaseSign.rawValue]
    if let echoTimes { result["echo-times"] = echoTimes.seconds.map { "\($0)s" }.joined(separator: ",") }
    if let fieldStrength { result["field-strength"] = "\(fieldStrength.tesla)T" }
    if let fieldDirection { result["field-direction"] = fieldDirection.description }
    return result
  }
}

/// The stages from phase to susceptibility.
struct QSMMethodArguments: ParsableArguments {
  @Option(help: "The brain mask as NIfTI, not zero inside; else it is made by --mask-method.")
  var mask: String?

  @Option(help: "How a mask is made: threshold (of the magnitude) or quality (of the phase).")
  var maskMethod = MaskMethod.threshold

  @Option(help: "By how much the mask is eroded, such as 2mm.")
  var maskErosion = Length(metres: 0)

  @Option(help: "The weights of region growing: romeo, romeo2, romeo3, romeo6 or bestpath.")
  var unwrapping = ROMEO.Weights.romeo

  @Option(help: "How the background is removed: \(BackgroundMethod.list).")
  var background = BackgroundMethod.vsharp

  @Option(help: "How dipoles are inverted: \(InversionMethod.list).")
  var inversion = InversionMethod.tv

  @Option(help: "The weight of the prior (tv, l2), or the threshold (tkd); the method's own unless given.")
  var regularization: Double?

  @Option(help: "The region whose mean susceptibility is zero, as NIfTI; the whole map unless given.")
  var reference: String?

  func validate() throws {
    if let regularization, !(regularization > 0 && regularization < .infinity) {
      throw ValidationError("--regularization \(regularization): a positive number is needed.")
    }
    if regularization != nil, inversion == .rts {
      throw ValidationError("--regularization: rts has none; choose tv, tkd or l2.")
    }
  }

  /// The settings by option name.
  var resolved: [String: String] {
    var result = [
      "mask": mask ?? "", "mask-method": mask == nil ? maskMethod.rawValue : "",
      "mask-erosion": maskErosion.description, "unwrapping": unwrapping.rawValue,
      "background": background.rawValue, "inversion": inversion.rawValue, "reference": reference ?? "",
    ]
    if let regularization { result["regularization"] = "\(regularization)" }
    return result.filter { !$0.value.isEmpty }
  }
}

/// How a mask is made.
enum MaskMethod: String, ExpressibleByArgument, CaseIterable {
  /// The brightness of the magnitude, with morphology.
  case threshold
  /// The same of ROMEO's map of phase quality times the magnitude.
  case quality
}

/// The ways to remove a background that the command offers.
enum BackgroundMethod: String, ExpressibleByArgument, CaseIterable {
  case vsharp, sharp, resharp, pdf, lbv, ismv

  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

  var method: any BackgroundRemoval {
    switch self {
    case .vsharp: VSHARP()
    case .sharp: SHARP()
    case .resharp: RESHARP()
    case .pdf: PDF()
    case .lbv: LBV()
    case .ismv: ISMV()
    }
  }
}

/// The ways to invert dipoles that the command offers.
enum InversionMethod: String, ExpressibleByArgument, CaseIterable {
  case tv, tkd, l2, rts

  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

  func method(regularization: Double?) -> any DipoleInversion {
    switch self {
    case .tv: regularization.map { TotalVariation(regularization: $0) } ?? TotalVariation()
    case .tkd: regularization.map { TKD(threshold: $0) } ?? TKD()
    case .rts: RTS()
    case .l2: regularization.map { QuadraticInversion(regularization: $0) } ?? QuadraticInversion()
    }
  }
}

extension ROMEO.Weights: ExpressibleByArgument {
  /// Reads the name of a preset; `romeo4` is another name of `romeo`.
  public init?(argument: String) { self.init(rawValue: argument == "romeo4" ? "romeo" : argument) }
}

/// The sign of the phase in files.
enum PhaseSignChoice: String, ExpressibleByArgument, CaseIterable {
  /// What the sidecar says; else the one with which tissue of fast decay is paramagnetic.
  case automatic = "auto"
  case positive, negative
}

/// A length with its unit, such as `2mm`.
struct Length: ExpressibleByArgument, CustomStringConvertible {
  let metres: Double

  init(metres: Double) { self.metres = metres }

  init?(argument: String) {
    for (unit, factor) in [("mm", 1e-3), ("cm", 1e-2), ("m", 1)] where argument.hasSuffix(unit) {
      guard let value = Double(argument.dropLast(unit.count)), value >= 0, value < .infinity else {
        return nil
      }
      metres = value * factor
      return
    }
    return nil
  }

  var description: String { "\(metres * 1000)mm" }
}

/// A direction along the voxel axes, such as `0,0,1`; of any length but zero.
struct Direction3: ExpressibleByArgument, CustomStringConvertible {
  let vector: SIMD3<Double>

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
    guard numbers.count == 3 else { return nil }
    self.init([numbers[0], numbers[1], numbers[2]])
  }

  init?(_ vector: SIMD3<Double>) {
    let length = (vector * vector).sum().squareRoot()
    guard length > 0, length.isFinite else { return nil }
    self.vector = vector / length
  }

  var description: String { "\(vector.x),\(vector.y),\(vector.z)" }
}
