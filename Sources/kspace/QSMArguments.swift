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

  @Flag(help: "Every other echo was read out backwards; else as the sidecars' ReadoutPolarity says.")
  var bipolar = false

  @Option(
    help:
      "How the echoes give a field: mdi, or for comparison mcpc3ds (offset removed, echoes unwrapped, a line fitted)."
  )
  var field = FieldMethod.mdi

  @Option(help: "The weight of an echo in the fit of mcpc3ds: \(PhaseFit.Weights.list).")
  var fitWeights = PhaseFit.Weights.magnitudeSquared

  @Option(help: "Where R2* comes from: mdi (its Gram matrix), or arlo (the magnitudes).")
  var relaxation = RelaxationMethod.mdi

  /// The settings by option name.
  var resolved: [String: String] {
    var result = [
      "phase-scale": phaseScale.description, "phase-sign": phaseSign.rawValue, "field": field.rawValue,
      "relaxation": relaxation.rawValue,
    ]
    if field == .mcpc3ds { result["fit-weights"] = fitWeights.rawValue }
    if bipolar { result["bipolar"] = "true" }
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

  @Option(
    help: """
      How a mask is made: surface (grown to the brain's edge), threshold (of the magnitude) or quality (of the phase); \
      surface unless there is no magnitude.
      """)
  var maskMethod: MaskMethod?

  @Option(help: "For the surface, 0 to 1: larger values give a smaller brain.")
  var maskFraction = 0.5

  @Option(help: "By how much the mask is eroded, such as 2mm.")
  var maskErosion = Length(metres: 0)

  @Option(help: "How the field is unwrapped: \(UnwrappingMethod.list).")
  var unwrapping = UnwrappingMethod.romeo

  @Option(help: "The largest number of regions that grow and are merged, 1 to 255.")
  var seeds = 64

  @Option(help: "How the background is removed: \(BackgroundMethod.list).")
  var background = BackgroundMethod.vsharp

  @Option(help: "The radius of the largest sphere (vsharp, sharp, resharp, ismv), such as 12mm.")
  var backgroundRadius: Length?

  @Option(help: "How dipoles are inverted: \(InversionMethod.list).")
  var inversion = InversionMethod.tv

  @Option(
    help: "The weight of the prior (tv, nltv, l2), or the threshold (tkd); the method's own unless given.")
  var regularization: Double?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "Whether tv and nltv look for edges in the magnitude.")
  var edgeWeights = true

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "Whether tv and nltv weigh voxels by the field's noise.")
  var dataWeights = true

  @Option(
    help: """
      For tv and nltv without a map of the field's noise: the deviation that susceptibility is expected to have [ppm]; 0 \
      for none.
      """)
  var expectedDeviation = 0.02

  @Option(help: "How often tv and nltv start again with less trust in voxels that they do not explain.")
  var reweightings = 0

  @Option(help: "The region whose mean susceptibility is zero, as NIfTI; the whole map unless given.")
  var reference: String?

  func validate() throws {
    if let regularization, !(regularization > 0 && regularization < .infinity) {
      throw ValidationError("--regularization \(regularization): a positive number is needed.")
    }
    if regularization != nil, inversion == .rts {
      throw ValidationError("--regularization: rts has none; choose tv, nltv, tkd or l2.")
    }
    if !(maskFraction > 0 && maskFraction < 1) {
      throw ValidationError("--mask-fraction \(maskFraction): a number between 0 and 1 is needed.")
    }
    if !(1...255).contains(seeds) {
      throw ValidationError("--seeds \(seeds): 1 to 255 regions are possible.")
    }
    if !(expectedDeviation >= 0 && expectedDeviation < .infinity) {
      throw ValidationError("--expected-deviation \(expectedDeviation): zero or a positive number is needed.")
    }
    if !(0...10).contains(reweightings) {
      throw ValidationError("--reweightings \(reweightings): 0 to 10 are possible.")
    }
    if !inversion.isTotalVariation, !edgeWeights || !dataWeights || reweightings > 0 {
      throw ValidationError(
        "--inversion \(inversion.rawValue) has no edge weights, data weights or reweightings; choose tv or nltv."
      )
    }
    if let backgroundRadius {
      guard background.hasRadius else {
        throw ValidationError("--background-radius: \(background.rawValue) has no radius.")
      }
      guard backgroundRadius.metres > 0 else {
        throw ValidationError("--background-radius: a length above zero is needed.")
      }
    }
  }

  /// The settings by option name, as ``QSMConfiguration`` takes them.
  var resolved: [String: String] {
    var result = [
      "mask": mask ?? "", "mask-method": mask == nil ? maskMethod?.rawValue ?? "" : "",
      "mask-erosion": maskErosion.description, "unwrapping": unwrapping.rawValue, "seeds": "\(seeds)",
      "background": background.rawValue, "inversion": inversion.rawValue, "reference": reference ?? "",
    ]
    if mask == nil { result["mask-fraction"] = "\(maskFraction)" }
    if let backgroundRadius { result["background-radius"] = backgroundRadius.description }
    if let regularization { result["regularization"] = "\(regularization)" }
    if inversion.isTotalVariation {
      result["edge-weights"] = "\(edgeWeights)"
      result["data-weights"] = "\(dataWeights)"
      result["reweightings"] = "\(reweightings)"
      result["expected-deviation"] = "\(expectedDeviation)"
    }
    return result.filter { !$0.value.isEmpty }
  }
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
