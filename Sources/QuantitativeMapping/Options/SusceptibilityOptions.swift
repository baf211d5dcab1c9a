import Files
import MRIData
import PhaseUnwrapping
import QSM

/// What can be chosen on the way from phase to susceptibility, as plain values: the same for `qsm`, data sets and servers.
///
///     var options = SusceptibilityOptions()
///     options.background = .vsharp
///     let result = try options.mapping(for: maps)(maps)
public struct SusceptibilityOptions: Sendable, Equatable, Codable {
  /// A NIfTI file of the brain, above zero inside; it is found by ``maskMethod`` unless given.
  public var mask: String?
  /// How a mask is made; ``MaskMethod/brain``, or ``MaskMethod/quality`` without a magnitude, unless given.
  public var maskMethod: MaskMethod?
  /// For surfaces, 0 to 1: larger values give a smaller brain.
  public var maskFraction = 0.5
  /// By how much the mask is eroded [m].
  public var maskErosion = 0.0
  /// How the field is unwrapped.
  public var unwrapping = UnwrappingMethod.romeo
  /// The largest number of regions that grow and are merged, 1 to 255.
  public var seeds = 64
  /// How the background is removed.
  public var background = BackgroundMethod.auto
  /// The radius of the largest sphere [m]; the method's own unless given.
  public var backgroundRadius: Double?
  /// How dipoles are inverted.
  public var inversion = InversionMethod.tv
  /// The ONNX file of a trained network, or its name in the folder `QSM_MODEL_DIR`; the one in the box unless given.
  public var model: String?
  /// The weight of the prior (tv, nltv, l2), or the threshold (tkd); the method's own unless given.
  public var regularization: Double?
  /// Whether tv and nltv look for edges in the magnitude.
  public var edgeWeights = false
  /// Whether tv and nltv weigh voxels by the field's noise.
  public var dataWeights = true
  /// Whether tv and nltv draw weak sources to the best linear map.
  public var linearBlend = true
  /// For tv and nltv, the deviation that susceptibility is expected to have [ppm]; 0 for none.
  public var expectedDeviation = 0.0
  /// How often tv and nltv start again with less trust in voxels that they do not explain, 0 to 10.
  public var reweightings = 0
  /// Whether reliable voxels are mapped without the others first, for haemorrhages and calcifications.
  public var twoPass = false
  /// Whose mean susceptibility is zero: `whole`, `csf`, or the NIfTI file of a region.
  public var reference = "whole"
  /// Whether para- and diamagnetic sources are told apart.
  public var separate = false
  /// A NIfTI file of R2 [1/s] to tell sources apart by.
  public var r2: String?

  /// Takes everything as it is usual.
  public init() {}

  /// The file of the region whose susceptibility is zero; `nil` for words.
  public var referenceFile: String? { ["whole", "csf"].contains(reference) ? nil : reference }

  /// The network that inverts dipoles; `nil` if none does.
  ///
  /// - Throws: An error that names its file, if it cannot be used.
  public var network: NetworkFile? {
    get throws { inversion == .network ? try NetworkFile(weights) : nil }
  }

  private var weights: String { model ?? NetworkFile.inTheBox }

  /// The files that the options name.
  public var files: [String] { [mask, referenceFile, r2].compactMap(\.self) }

  /// Refuses values that are not possible, and such that do not go together.
  ///
  /// - Throws: ``InputError`` that names the option.
  public func check() throws(InputError) {
    if let regularization, !(regularization > 0 && regularization < .infinity) {
      throw InputError(
        "`regularization: \(regularization)`", "a positive number is needed", remedy: Self.leaveOut)
    }
    if regularization != nil, inversion == .rts || inversion == .network {
      throw InputError(
        "`regularization`", "\(inversion.rawValue) has none", remedy: "Choose tv, nltv, tkd or l2")
    }
    if model != nil, inversion != .network {
      throw InputError(
        "`model`", "\(inversion.rawValue) is no network", remedy: "Choose `inversion: network`")
    }
    try Self.check("maskFraction", maskFraction, maskFraction > 0 && maskFraction < 1, "between 0 and 1")
    let usual = Self()
    if mask != nil, maskMethod != nil || maskFraction != usual.maskFraction {
      throw InputError(
        "`maskMethod`, `maskFraction`", "the mask is given, and none is made", remedy: Self.leaveOut)
    }
    if maskFraction != usual.maskFraction, let maskMethod, maskMethod != .brain, maskMethod != .surface {
      throw InputError(
        "`maskFraction`", "\(maskMethod.rawValue) has no surface", remedy: "Choose brain or surface")
    }
    if unwrapping == .laplacian, seeds != usual.seeds {
      throw InputError("`seeds`", "the Laplacian grows no regions", remedy: Self.leaveOut)
    }
    try Self.check("seeds", seeds, (1...255).contains(seeds), "from 1 to 255")
    try Self.check("reweightings", reweightings, (0...10).contains(reweightings), "from 0 to 10")
    try Self.check(
      "expectedDeviation", expectedDeviation, expectedDeviation >= 0 && expectedDeviation < .infinity,
      "of at least 0")
    if r2 != nil, !separate {
      throw InputError("`r2`", "it tells sources apart, which is not asked for", remedy: "Add `separate`")
    }
    if !inversion.isTotalVariation,
      edgeWeights || !dataWeights || !linearBlend || reweightings > 0 || expectedDeviation > 0
    {
      throw InputError(
        "`inversion: \(inversion.rawValue)`",
        "it has no edge weights, data weights, linear blend, expected deviation or reweightings",
        remedy: "Choose tv or nltv")
    }
    if let backgroundRadius {
      guard background.hasRadius else {
        throw InputError(
          "`backgroundRadius`", "\(background.rawValue) has no radius", remedy: Self.leaveOut)
      }
      guard backgroundRadius > 0 else {
        throw InputError("`backgroundRadius`", "a length above zero is needed", remedy: Self.leaveOut)
      }
    }
  }

  private static let leaveOut = "Leave it out for the usual"

  private static func check(
    _ name: String, _ value: any Numeric, _ isPossible: Bool, _ range: String
  ) throws(InputError) {
    guard !isPossible else { return }
    throw InputError("`\(name): \(value)`", "a number \(range) is needed", remedy: leaveOut)
  }

  /// The stages that the options describe.
  ///
  /// - Parameter maps: What they are for: masks need a magnitude, and nltv the phase at the mean of its echo times.
  /// - Throws: An error that names the file of a network, if it cannot be used.
  public func mapping(for maps: EchoMaps) throws -> SusceptibilityMapping {
    if edgeWeights, maps.magnitude == nil {
      throw InputError(
        "`edgeWeights`", "there is no magnitude to find edges in",
        remedy: "Give one (`magnitude`), or leave edge weights out")
    }
    return try mapping(hasMagnitude: maps.magnitude != nil, echoTimes: maps.parameters.echoTimes)
  }

  /// The stages for images that are still to be read.
  func mapping(hasMagnitude: Bool = true, echoTimes: [Double] = []) throws -> SusceptibilityMapping {
    try SusceptibilityMapping(
      masking: masking(hasMagnitude: hasMagnitude),
      unwrapping: FieldUnwrapping(method: unwrapping.method(seeds: seeds)),
      background: background.method(radius: backgroundRadius),
      inversion: inversion(echoTimes: echoTimes),
      reliableVoxelsFirst: twoPass ? ReliableVoxelsFirst() : nil)
  }

  private func masking(hasMagnitude: Bool) -> any BrainMasking {
    switch maskMethod ?? (hasMagnitude ? .brain : .quality) {
    case .brain: BrainExtraction(fraction: maskFraction, erosion: maskErosion)
    case .surface: BrainSurface(fraction: maskFraction, erosion: maskErosion)
    case .threshold: MagnitudeMask(erosion: maskErosion)
    case .quality: PhaseQualityMask(unwrapping: unwrapping.romeo(seeds: 1), erosion: maskErosion)
    }
  }

  private func inversion(echoTimes: [Double]) throws -> any DipoleInversion {
    switch inversion {
    case .tv, .nltv:
      var method = TotalVariation()
      if let regularization { method.regularization = regularization }
      method.edges = edgeWeights ? EdgeWeights() : nil
      method.weighsData = dataWeights
      method.blendsLinear = linearBlend
      method.expectedDeviation = expectedDeviation > 0 ? expectedDeviation : nil
      method.reweightings = reweightings
      if inversion == .nltv {
        let time = echoTimes.isEmpty ? 0.015 : echoTimes.reduce(0, +) / Double(echoTimes.count)
        method.fidelity = .phase(echoTime: time)
      }
      return method
    case .tkd: return regularization.map { TKD(threshold: $0) } ?? TKD()
    case .rts: return RTS()
    case .network: return LearnedInversion(try NetworkFile(weights))
    case .l2: return regularization.map { QuadraticInversion(regularization: $0) } ?? QuadraticInversion()
    }
  }

  /// What was chosen, by the names that files of settings have.
  public var settings: [String: String] {
    var result = [
      "mask": mask, "mask-method": mask == nil ? maskMethod?.rawValue : nil,
      "mask-erosion": "\(maskErosion * 1000)mm", "mask-fraction": mask == nil ? "\(maskFraction)" : nil,
      "unwrapping": unwrapping.rawValue, "seeds": "\(seeds)", "background": background.rawValue,
      "background-radius": backgroundRadius.map { "\($0 * 1000)mm" }, "inversion": inversion.rawValue,
      "reference": reference, "separate": separate ? "true" : nil, "two-pass": twoPass ? "true" : nil,
      "r2": r2,
      "regularization": regularization.map { "\($0)" }, "model": model,
    ]
    if inversion.isTotalVariation {
      result.merge([
        "edge-weights": "\(edgeWeights)", "data-weights": "\(dataWeights)", "linear-blend": "\(linearBlend)",
        "reweightings": "\(reweightings)", "expected-deviation": "\(expectedDeviation)",
      ]) { $1 }
    }
    return result.compactMapValues(\.self)
  }
}
