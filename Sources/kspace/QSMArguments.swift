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
      "The unit of --total-field or --local-field: \(ImageUnits.allValueStrings.joined(separator: ", ")); else from its sidecar, or ppm where nothing else is possible."
  )
  var fieldUnit: ImageUnits?

  @Option(help: "The echo times with their unit, such as 3.3ms,6.4ms; else from the sidecars.")
  var echoTimes: EchoTimes?

  @Option(help: "The static field, such as 3T; else from the sidecars.")
  var fieldStrength: FieldStrength?

  @Option(
    parsing: .unconditional,
    help:
      "The direction of the static field along the voxel axes, such as 0,0.17,0.98; else from the sidecars.")
  var fieldDirection: Direction3?

  @Option(help: "What stored phase means: auto, radians, or the number that stands for pi.")
  var phaseScale = PhaseScale.automatic

  @Option(
    help:
      "The sign of the phase: positive if paramagnetic matter makes it grow, or negative; auto is positive, and doubted aloud."
  )
  var phaseSign = OrAutomatic<PhaseSign>()

  @Flag(help: "Every other echo was read out backwards; else as the sidecars' ReadoutPolarity says.")
  var bipolar = false

  @Option(
    help:
      "How the echoes give a field: mdi, or for comparison mcpc3ds (offset removed, echoes unwrapped, a line fitted)."
  )
  var field = FieldMethod.mdi

  @Option(help: "The weight of an echo in the fit of mcpc3ds: \(PhaseFit.Weights.names).")
  var fitWeights = PhaseFit.Weights.magnitudeSquared

  @Option(help: "Where R2* comes from: mdi (its Gram matrix), or arlo (the magnitudes).")
  var relaxation = RelaxationMethod.mdi

  @Flag(help: "Take mask, magnitude and the like voxel by voxel, wherever their headers say that they lie.")
  var ignoreAffine = false

  func validate() throws { try echoTimes?.checkOrder() }

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
    if !fields.isEmpty, phaseScale != .automatic || bipolar || field != .mdi || relaxation != .mdi {
      throw ValidationError(
        "--phase-scale, --bipolar, --field and --relaxation belong to echoes, and a field is given.")
    }
    if fitWeights != .magnitudeSquared, field != .mcpc3ds {
      throw ValidationError("--fit-weights belongs to --field mcpc3ds.")
    }
  }

  /// Refuses what QSM-CI's contract states itself, and the toolkit would not take from here.
  func validateForContract() throws {
    guard
      echoTimes == nil, fieldStrength == nil, fieldDirection == nil, phaseScale == .automatic,
      phaseSign.choice == nil, !bipolar, field == .mdi, relaxation == .mdi
    else {
      throw ValidationError(
        "--qsm-ci: the contract states echo times, field and phase; of what its images leave open only --ignore-affine is taken."
      )
    }
  }

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
  var reading: ImageReading {
    var reading = ImageReading()
    reading.echoTimes = echoTimes?.seconds
    reading.fieldStrength = fieldStrength?.tesla
    reading.fieldDirection = fieldDirection?.vector
    reading.phaseScale = phaseScale
    reading.phaseSign = phaseSign.choice
    reading.fieldUnit = fieldUnit
    reading.isBipolar = bipolar
    if field == .mcpc3ds {
      reading.fieldMapping = EchoPhaseField(fit: PhaseFit(hasIntercept: false, weights: fitWeights))
    }
    reading.fitsR2Star = relaxation == .arlo
    reading.ignoresAffine = ignoreAffine
    return reading
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

  @Option(help: "How the field is unwrapped: \(UnwrappingMethod.names).")
  var unwrapping = UnwrappingMethod.romeo

  @Option(help: "The largest number of regions that grow and are merged, 1 to 255.")
  var seeds = 64

  @Option(
    help:
      "How the background is removed: \(BackgroundMethod.names); auto takes what leaves least for the grid.")
  var background = BackgroundMethod.auto

  @Option(help: "The radius of the largest sphere (vsharp, sharp, resharp, ismv), such as 12mm.")
  var backgroundRadius: Length?

  @Option(help: "How dipoles are inverted: \(InversionMethod.names).")
  var inversion = InversionMethod.tv

  @Option(
    help:
      "For network: an ONNX file of a trained network, or its name in the folder QSM_MODEL_DIR, nothing is fetched; \(NetworkFile.inTheBox), which is in the box, unless given."
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

  @Flag(
    help: """
      For haemorrhages and calcifications: map reliable voxels without the others first, and fill in those from a map of \
      all; takes twice the time.
      """)
  var twoPass = false

  @Flag(
    help: "Also tell para- and diamagnetic sources apart, by R2* and --r2; best with --inversion network.")
  var separate = false

  @Option(help: "For --separate: R2 [1/s] as NIfTI; else 12 /s everywhere, which is said aloud.")
  var r2: String?

  @Option(
    help:
      "Whose mean susceptibility is zero: whole (the map), csf (fluid of the ventricles, found by its R2*), or a region as NIfTI."
  )
  var reference = "whole"

  func validate() throws { try usage(options.check) }

  /// Refuses stages that a field has behind it.
  func validate(after stage: FieldMap.Stage, hasMagnitude: Bool) throws {
    let makesQualityMask = mask == nil && (maskMethod ?? (hasMagnitude ? .brain : .quality)) == .quality
    let usual = SusceptibilityOptions()
    if unwrapping != usual.unwrapping || seeds != usual.seeds, !makesQualityMask {
      throw ValidationError("--unwrapping and --seeds belong to echoes, and a field without wraps is given.")
    }
    if stage == .local, background != .auto || backgroundRadius != nil {
      throw ValidationError("--background and --background-radius: --local-field has no background any more.")
    }
  }

  /// The choices as the library takes them.
  var options: SusceptibilityOptions {
    var options = SusceptibilityOptions()
    (options.mask, options.reference, options.separate, options.r2) = (mask, reference, separate, r2)
    (options.maskMethod, options.maskFraction) = (maskMethod, maskFraction)
    options.maskErosion = maskErosion.metres
    (options.unwrapping, options.seeds) = (unwrapping, seeds)
    (options.background, options.backgroundRadius) = (background, backgroundRadius?.metres)
    (options.inversion, options.model, options.regularization) = (inversion, model, regularization)
    (options.edgeWeights, options.dataWeights, options.linearBlend) = (edgeWeights, dataWeights, linearBlend)
    (options.expectedDeviation, options.reweightings) = (expectedDeviation, reweightings)
    options.twoPass = twoPass
    return options
  }
}

/// The ways from echoes to a field.
enum FieldMethod: String, ExpressibleByArgument, CaseIterable { case mdi, mcpc3ds }

/// The ways to R2*.
enum RelaxationMethod: String, ExpressibleByArgument, CaseIterable { case mdi, arlo }

extension PhaseFit.Weights: ExpressibleByArgument {}
extension MaskMethod: ExpressibleByArgument {}
extension UnwrappingMethod: ExpressibleByArgument {}
extension BackgroundMethod: ExpressibleByArgument {}
extension InversionMethod: ExpressibleByArgument {}
extension PhaseScale: ExpressibleByArgument {}

extension ImageUnits: ExpressibleByArgument {
  /// Reads the unit of a field.
  public init?(argument: String) {
    guard Self.allValueStrings.contains(argument) else { return nil }
    self.init(rawValue: argument)
  }

  /// The units that a field may have.
  public static var allValueStrings: [String] {
    [Self.hertz, .partsPerMillion, .radians, .radiansPerSecond, .partsPerBillion].map(\.rawValue)
  }
}

extension CaseIterable where Self: RawRepresentable<String> {
  /// The names of all cases, for a sentence.
  fileprivate static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
