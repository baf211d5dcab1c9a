import Files
import MRIData
import Operators
import ParallelImaging
import RawData
import ReconNet

/// How images are made of a scan and become one, as plain values: the same for files, studies, data sets and servers.
///
///     var options = ReconstructionOptions()
///     options.method = .grappa
///     let maps = try options.choice(for: ScanLayout(of: file), of: file.path).pipeline(SliceStack(file))
public struct ReconstructionOptions: Sendable, Equatable, Codable {
  /// How images of every channel are made; what suits the scan, see ``SuitableMethod``, unless given.
  public var method: ReconstructionMethod?
  /// What k-space is weighed by before it becomes images.
  public var window: KSpaceWindow?
  /// How channels become one; ``CombinationMethod/mdi``, or adaptive where echo times do not allow a field map, unless given.
  public var combination: CombinationMethod?
  /// What becomes of the part that partial Fourier scans leave out.
  public var partialFourier = PartialFourierFilling.zeroFilled
  /// For networks, a safetensors file of trained weights; the bundled ones unless given.
  public var weights: String?
  /// For ``ReconstructionMethod/reconNet``: so many channels, which gather the signal of all; every channel unless given.
  public var virtualChannels: Int?
  /// How sensitivities are estimated from the calibration data.
  public var sensitivities = SensitivityMethod.espirit
  /// How many sets of sensitivities ESPIRiT estimates: 2 where tissue folds within the field of view.
  public var mapSets = 1

  /// Takes everything as it is usual.
  public init() {}

  /// Refuses values that are not possible, and such that do not go with the methods.
  ///
  /// - Parameter methods: Those that the options are for; ``method`` unless given.
  /// - Throws: ``InputError`` that names the option.
  public func check(for methods: [ReconstructionMethod]? = nil) throws(InputError) {
    let methods = methods ?? method.map { [$0] } ?? []
    let names = methods.isEmpty ? "auto" : methods.map(\.rawValue).joined(separator: ", ")
    let networks = methods.filter(\.isNetwork)
    if weights != nil, networks.count != 1 {
      throw networks.isEmpty
        ? InputError(
          "`weights`", "they are for networks, not for \(names)", remedy: "Choose one, or leave them out")
        : InputError(
          "`weights`", "reconnet and reconnet-sense have weights of their own", remedy: "Name one of them")
    }
    if let virtualChannels {
      guard methods.contains(.reconNet) else {
        throw InputError(
          "`virtualChannels`", "they are for reconnet, not for \(names)", remedy: "Leave them out")
      }
      guard virtualChannels > 0 else {
        throw InputError(
          "`virtualChannels: \(virtualChannels)`", "at least 1 is needed",
          remedy: "Choose more, or leave them out")
      }
    }
    if !methods.isEmpty, !methods.contains(where: \.usesSensitivities),
      mapSets != 1 || sensitivities != .espirit
    {
      throw InputError(
        mapSets != 1 ? "`mapSets`" : "`sensitivities`", "\(names) takes none",
        remedy: "Leave it out, or choose sense, l1-sense or reconnet-sense")
    }
    if mapSets != 1 && mapSets != 2 {
      throw InputError(
        "`mapSets: \(mapSets)`", "one or two sets are possible", remedy: "Choose 1, or 2 where tissue folds")
    }
    if mapSets == 2, sensitivities != .espirit {
      throw InputError(
        "`mapSets: 2`", "\(sensitivities.rawValue) does not tell two sets apart",
        remedy: "Choose `sensitivities: espirit`")
    }
  }

  /// The reconstruction that the options describe.
  ///
  /// - Throws: `ReconNetError` if the weights of a network cannot be used.
  public func reconstruction(by method: ReconstructionMethod) throws -> any Reconstruction {
    var result = try plain(method)
    if partialFourier == .pocs { result = PartialFourierMagnitude(result) }
    return window.map { WindowedReconstruction(result, by: $0) } ?? result
  }

  private func plain(_ method: ReconstructionMethod) throws -> any Reconstruction {
    let calibration = sensitivities.source(sets: mapSets)
    let weights = weights.map { WeightSource.file($0) } ?? .bundled
    switch method {
    case .zeroFilled: return ZeroFilled()
    case .sense: return SENSE(calibration: calibration)
    case .l1SENSE: return L1WaveletSENSE(calibration: calibration)
    case .grappa: return GRAPPA()
    case .spirit: return SPIRiT()
    case .l1SPIRiT: return L1WaveletSPIRiT()
    case .reconNet:
      let network = try ReconNet3D(weights: weights)
      guard let virtualChannels else { return network }
      return CompressedReconstruction(
        network, by: CoilCompression(.uniform, keeping: .channels(virtualChannels)))
    case .reconNetSENSE: return try ReconNetSENSE(weights: weights, calibration: calibration)
    }
  }

  /// Chooses for a scan, and refuses one that the stages or the machine cannot deal with.
  ///
  /// - Parameters:
  ///   - layout: What the scan holds.
  ///   - path: Its name in errors.
  /// - Throws: ``CoilCombinationError``, ``InputError``, `ReconNetError`.
  public func choice(for layout: ScanLayout, of path: String) throws -> ReconstructionChoice {
    let suitable = layout.suitableMethod
    let method = try method ?? suitable.reconstruction(of: path)
    let combination = combination ?? CombinationMethod(suiting: layout.parameters)
    try combination.check(layout.parameters)
    let pipeline = Pipeline(try reconstruction(by: method), then: combination)
    let needs = pipeline.needs(for: layout.size)
    try MachineMemory.check(
      needs.memory, for: "the reconstruction", at: path,
      remedy: "Read one slice or repetition at a time, check `matrix`, or use a larger machine")
    var choice = ReconstructionChoice(pipeline, name: method.rawValue)
    if self.method == nil {
      choice.account = ["`method: auto` is \(method.rawValue), as \(suitable.reason)."]
    }
    choice.warnings =
      idle(in: method).map { "\($0) has no effect: \(method.rawValue), which suits the scan, takes none." }
      + layout.warnings(
        zeroFilling: method == .zeroFilled, completingMagnitudes: partialFourier == .pocs, then: combination)
    if method == .reconNet, suitable.hasRegularGaps {
      choice.warnings.append(
        "the scan is undersampled regularly, and reconnet sees one channel at a time, which cannot tell aliases apart: "
          + "images stay folded. `method: l1-sense` or grappa unfolds them if there are several channels.")
    }
    choice.plan = "\(layout.size.words): \(method.rawValue), then \(combination.rawValue); \(needs.words)"
    return choice
  }

  /// The options that a method which was left to the scan leaves nothing to do; ``check(for:)`` refuses them with others.
  private func idle(in method: ReconstructionMethod) -> [String] {
    guard self.method == nil, !method.usesSensitivities else { return [] }
    return (sensitivities == .espirit ? [] : ["`sensitivities: \(sensitivities.rawValue)`"])
      + (mapSets == 1 ? [] : ["`mapSets: \(mapSets)`"])
  }

  /// What was chosen, by the names that files of settings have.
  public var settings: [String: String] {
    let result = [
      "method": method?.rawValue ?? "auto", "window": window?.rawValue, "combine": combination?.rawValue,
      "partial-fourier": partialFourier.rawValue, "weights": weights,
      "virtual-channels": virtualChannels.map { "\($0)" }, "sensitivities": sensitivities.rawValue,
      "map-sets": "\(mapSets)",
    ]
    return result.compactMapValues(\.self)
  }
}

extension SuitableMethod {
  /// The method by name.
  ///
  /// - Throws: ``InputError`` that says what the user may choose, if no method fills the gaps.
  public func reconstruction(of path: String) throws(InputError) -> ReconstructionMethod {
    if let method, let found = ReconstructionMethod(rawValue: method.rawValue) { return found }
    throw InputError(
      path, reason,
      remedy: "`method: zero-filled` gives images that are aliased or blurred; others need calibration lines")
  }
}
