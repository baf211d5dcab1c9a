import ArgumentParser
import KSpaceToolkit

/// Images, and what their headers leave open or state wrongly.
struct QSMImageArguments: ParsableArguments {
  @Option(parsing: .upToNextOption, help: "Phase as NIfTI: one file of all echoes, or one per echo.")
  var phase: [String] = []

  @Option(parsing: .upToNextOption, help: "Magnitude as NIfTI, like the phase.")
  var magnitude: [String] = []

  @Option(help: "Instead of echoes: a field without wraps, background included, as NIfTI.")
  var totalField: String?

  @Option(help: "Instead of echoes: the field of what lies inside of the mask, as NIfTI.")
  var localField: String?

  @Option(help: "The standard deviation of --total-field or --local-field, in the same unit.")
  var fieldNoise: String?

  @Option(
    help:
      "The unit of --total-field or --local-field: \(FieldUnit.list); else from its sidecar, or ppm where nothing else is possible."
  )
  var fieldUnit: FieldUnit?

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

  @Option(
    help:
      "The sign of the phase: positive if paramagnetic matter makes it grow, or negative; auto is positive, and doubted aloud."
  )
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

  @Flag(help: "Take mask, magnitude and the like voxel by voxel, wherever their headers say that they lie.")
  var ignoreAffine = false

  /// Refuses inputs that do not go together.
  func validate(beside folder: String?) throws {
    let fields = [totalField, localField].compactMap(\.self)
    if folder == nil, phase.isEmpty, fields.isEmpty {
      throw ValidationError(
        "INPUT: name a folder, or files with --magnitude and --phase, or a field with --total-field or --local-field."
      )
    }
    if let folder, !phase.isEmpty || !magnitude.isEmpty || !fields.isEmpty {
      throw ValidationError("--phase, --magnitude and fields: give them or the folder \(folder), not both.")
    }
    if fields.count + (phase.isEmpty ? 0 : 1) > 1 {
      throw ValidationError("--phase, --total-field, --local-field: give one of them.")
    }
    if fields.isEmpty, fieldNoise != nil || fieldUnit != nil {
      throw ValidationError("--field-noise and --field-unit belong to --total-field or --local-field.")
    }
  }

  /// What the scan is called.
  var name: String { phase.first ?? totalField ?? localField ?? "" }

  /// The files that are meant.
  func source(folder: String?) throws -> ImageSource {
    if let folder { return try ImageSource(folder: folder, reading: reading) }
    for (field, stage) in [(totalField, FieldMap.Stage.total), (localField, .local)] {
      guard let field else { continue }
      return ImageSource(
        field: field, stage: stage, noise: fieldNoise, magnitude: magnitude, reading: reading)
    }
    return ImageSource(phase: phase, magnitude: magnitude, reading: reading)
  }

  /// What the user says of the files.
  private var reading: ImageReading {
    var reading = ImageReading()
    reading.echoTimes = echoTimes?.seconds
    reading.fieldStrength = fieldStrength?.tesla
    reading.fieldDirection = fieldDirection?.vector
    reading.phaseScale = phaseScale
    reading.phaseSign = phaseSign.sign
    reading.fieldUnit = fieldUnit?.unit
    reading.isBipolar = bipolar
    if field == .mcpc3ds {
      reading.fieldMapping = EchoPhaseField(fit: PhaseFit(hasIntercept: false, weights: fitWeights))
    }
    reading.fitsR2Star = relaxation == .arlo
    reading.ignoresAffine = ignoreAffine
    return reading
  }

  /// The settings by option name.
  var resolved: [String: String] {
    var result = [
      "phase-scale": phaseScale.description, "phase-sign": phaseSign.rawValue, "field": field.rawValue,
      "relaxation": relaxation.rawValue,
    ]
    if field == .mcpc3ds { result["fit-weights"] = fitWeights.rawValue }
    if bipolar { result["bipolar"] = "true" }
    if ignoreAffine { result["ignore-affine"] = "true" }
    if let fieldUnit { result["field-unit"] = fieldUnit.rawValue }
    if let echoTimes { result["echo-times"] = echoTimes.seconds.map { "\($0)s" }.joined(separator: ",") }
    if let fieldStrength { result["field-strength"] = "\(fieldStrength.tesla)T" }
    if let fieldDirection { result["field-direction"] = fieldDirection.description }
    return result
  }
}

/// The stages from phase to susceptibility.
struct QSMMethodArguments: ParsableArguments {
  @Option(help: "The brain mask as NIfTI, above zero inside; else it is made by --mask-method.")
  var mask: String?

  @Option(
    help: """
      How a mask is made: brain (tissue that has a phase, within a surface), surface (grown to the brain's edge), \
      threshold (of the magnitude) or quality (of the phase); brain unless there is no magnitude.
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

  @Option(
    help:
      "How the background is removed: \(BackgroundMethod.list); auto takes what leaves least for the grid.")
  var background = BackgroundMethod.auto

  @Option(help: "The radius of the largest sphere (vsharp, sharp, resharp, ismv), such as 12mm.")
  var backgroundRadius: Length?

  @Option(help: "How dipoles are inverted: \(InversionMethod.list).")
  var inversion = InversionMethod.tv

  @Option(
    help:
      "For network: an ONNX file of a trained network, or its name in the folder QSM_MODEL_DIR; nothing is fetched."
  )
  var model: String?

  @Option(
    help: "The weight of the prior (tv, nltv, l2), or the threshold (tkd); the method's own unless given.")
  var regularization: Double?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "Whether tv and nltv look for edges in the magnitude.")
  var edgeWeights = false

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "Whether tv and nltv weigh voxels by the field's noise.")
  var dataWeights = true

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help:
      "Whether tv and nltv draw weak sources to the best linear map; without, they keep amplitude and noise."
  )
  var linearBlend = true

  @Option(
    help:
      "For tv and nltv: the deviation that susceptibility is expected to have [ppm], which makes all sources weaker; 0 for none."
  )
  var expectedDeviation = 0.0

  @Option(help: "How often tv and nltv start again with less trust in voxels that they do not explain.")
  var reweightings = 0

  @Flag(help: "Also tell para- and diamagnetic sources apart, by R2* and --r2.")
  var separate = false

  @Option(help: "For --separate: R2 [1/s] as NIfTI; else 12 /s everywhere, which is said aloud.")
  var r2: String?

  @Option(
    help:
      "Whose mean susceptibility is zero: whole (the map), csf (fluid of the ventricles, found by its R2*), or a region as NIfTI."
  )
  var reference = "whole"

  func validate() throws {
    if let regularization, !(regularization > 0 && regularization < .infinity) {
      throw ValidationError("--regularization \(regularization): a positive number is needed.")
    }
    if regularization != nil, inversion == .rts || inversion == .network {
      throw ValidationError("--regularization: \(inversion.rawValue) has none; choose tv, nltv, tkd or l2.")
    }
    if inversion == .network, model == nil {
      throw ValidationError(
        "--inversion network: name its file, or a name in the folder QSM_MODEL_DIR, with --model.")
    }
    if model != nil, inversion != .network {
      throw ValidationError("--model belongs to --inversion network.")
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
    if r2 != nil, !separate { throw ValidationError("--r2 belongs to --separate.") }
    if !inversion.isTotalVariation, edgeWeights || !dataWeights || !linearBlend || reweightings > 0 {
      throw ValidationError(
        "--inversion \(inversion.rawValue) has no edge weights, data weights, linear blend or reweightings; choose tv or nltv."
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

  /// The file of the region whose susceptibility is zero; `nil` for words.
  var referenceFile: String? { ["whole", "csf"].contains(reference) ? nil : reference }

  /// Whose susceptibility is zero, by a reader of masks.
  func zeroReference(_ read: (String) throws -> BrainMask?) throws -> ZeroReference {
    if let file = referenceFile { return try read(file).map { .region($0) } ?? .wholeMap }
    return reference == "csf" ? .ventricles : .wholeMap
  }

  /// The stages that the arguments describe.
  ///
  /// - Throws: An error that names the file of a network, if it cannot be used.
  func mapping(for maps: EchoMaps) throws -> SusceptibilityMapping {
    try SusceptibilityMapping(
      masking: masking(hasMagnitude: maps.magnitude != nil),
      unwrapping: FieldUnwrapping(method: unwrapping.method(seeds: seeds)),
      background: background.method(radius: backgroundRadius?.metres),
      inversion: inversion.method(self, echoTimes: maps.parameters.echoTimes))
  }

  private func masking(hasMagnitude: Bool) -> any BrainMasking {
    switch maskMethod ?? (hasMagnitude ? .brain : .quality) {
    case .brain: BrainExtraction(fraction: maskFraction, erosion: maskErosion.metres)
    case .surface: BrainSurface(fraction: maskFraction, erosion: maskErosion.metres)
    case .threshold: MagnitudeMask(erosion: maskErosion.metres)
    case .quality: PhaseQualityMask(unwrapping: unwrapping.romeo(seeds: 1), erosion: maskErosion.metres)
    }
  }

  /// The settings by option name, as ``QSMConfiguration`` takes them.
  var resolved: [String: String] {
    var result = [
      "mask": mask ?? "", "mask-method": mask == nil ? maskMethod?.rawValue ?? "" : "",
      "mask-erosion": maskErosion.description, "unwrapping": unwrapping.rawValue, "seeds": "\(seeds)",
      "background": background.rawValue, "inversion": inversion.rawValue, "reference": reference,
    ]
    if separate { result["separate"] = "true" }
    if let r2 { result["r2"] = r2 }
    if mask == nil { result["mask-fraction"] = "\(maskFraction)" }
    if let backgroundRadius { result["background-radius"] = backgroundRadius.description }
    if let regularization { result["regularization"] = "\(regularization)" }
    if let model { result["model"] = model }
    if inversion.isTotalVariation {
      result["edge-weights"] = "\(edgeWeights)"
      result["data-weights"] = "\(dataWeights)"
      result["linear-blend"] = "\(linearBlend)"
      result["reweightings"] = "\(reweightings)"
      result["expected-deviation"] = "\(expectedDeviation)"
    }
    return result.filter { !$0.value.isEmpty }
  }
}

/// The sign of the phase in files.
enum PhaseSignChoice: String, ExpressibleByArgument, CaseIterable {
  /// What the sidecar says; else positive, with a word where the map speaks against it.
  case automatic = "auto"
  case positive, negative

  /// The sign that was chosen.
  var sign: PhaseSign? { self == .automatic ? nil : self == .positive ? .positive : .negative }
}

/// The unit of a field in a file.
enum FieldUnit: String, ExpressibleByArgument, CaseIterable {
  case hertz = "Hz"
  case partsPerMillion = "ppm"
  case radians = "rad"
  case radiansPerSecond = "rad/s"
  case partsPerBillion = "ppb"

  /// The names of all units.
  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// The unit as sidecars have it.
  var unit: ImageUnits {
    switch self {
    case .hertz: .hertz
    case .partsPerMillion: .partsPerMillion
    case .radians: .radians
    case .radiansPerSecond: .radiansPerSecond
    case .partsPerBillion: .partsPerBillion
    }
  }
}
