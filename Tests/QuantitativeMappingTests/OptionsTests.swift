import Foundation
import KSpaceToolkit
import Testing

/// Choices as plain values: what is refused, what they become, and that they are kept.
struct OptionsTests {
  @Test func `Susceptibility's options that are not possible are refused by name`() throws {
    let cases: [(String, (inout SusceptibilityOptions) -> Void)] = [
      ("regularization", { $0.regularization = 0 }),
      ("regularization", { ($0.regularization, $0.inversion) = (1, .rts) }),
      ("model", { $0.model = "net.onnx" }),
      ("maskFraction", { $0.maskFraction = .nan }),
      ("maskFraction", { ($0.maskFraction, $0.maskMethod) = (0.4, .threshold) }),
      ("maskMethod", { ($0.mask, $0.maskMethod) = ("m.nii", .surface) }),
      ("maskMethod", { ($0.mask, $0.maskFraction) = ("m.nii", 0.4) }),
      ("seeds", { ($0.unwrapping, $0.seeds) = (.laplacian, 1) }), ("seeds", { $0.seeds = 256 }),
      ("expectedDeviation", { $0.expectedDeviation = -1 }), ("reweightings", { $0.reweightings = 11 }),
      ("r2", { $0.r2 = "r2.nii" }), ("inversion", { ($0.inversion, $0.edgeWeights) = (.tkd, true) }),
      ("backgroundRadius", { ($0.background, $0.backgroundRadius) = (.pdf, 0.01) }),
      ("backgroundRadius", { ($0.background, $0.backgroundRadius) = (.vsharp, 0) }),
    ]
    try SusceptibilityOptions().check()
    for (name, change) in cases {
      var options = SusceptibilityOptions()
      change(&options)
      let error = #expect(throws: InputError.self) { try options.check() }
      #expect(error?.place.hasPrefix("`\(name)") == true, "\(name): \(String(describing: error))")
    }
  }

  @Test func `Reconstruction's options that are not possible are refused by name`() throws {
    let cases: [(String, (inout ReconstructionOptions) -> Void)] = [
      ("weights", { ($0.weights, $0.method) = ("w", .grappa) }),
      ("virtualChannels", { ($0.virtualChannels, $0.method) = (4, .sense) }),
      ("virtualChannels", { ($0.virtualChannels, $0.method) = (0, .reconNet) }),
      ("mapSets", { ($0.mapSets, $0.method) = (2, .grappa) }),
      ("sensitivities", { ($0.sensitivities, $0.method) = (.walsh, .reconNet) }),
      ("mapSets", { $0.mapSets = 3 }), ("mapSets", { ($0.mapSets, $0.sensitivities) = (2, .walsh) }),
    ]
    try ReconstructionOptions().check()
    for (name, change) in cases {
      var options = ReconstructionOptions()
      change(&options)
      let error = #expect(throws: InputError.self) { try options.check() }
      #expect(error?.place.hasPrefix("`\(name)") == true, "\(name): \(String(describing: error))")
    }
  }

  @Test func `Options become the methods that they name`() throws {
    var options = SusceptibilityOptions()
    (options.background, options.backgroundRadius) = (.sharp, 0.008)
    (options.inversion, options.regularization, options.maskMethod) = (.tkd, 0.2, .threshold)
    let geometry = Geometry(matrix: Extents(x: 1, y: 1, z: 1), voxelSize: [1e-3, 1e-3, 1e-3])
    let maps = EchoMaps(parameters: ScanParameters(echoTimes: [0.01], fieldStrength: 3), geometry: geometry)
    let mapping = try options.mapping(for: maps)
    #expect((mapping.background as? SHARP)?.radius == 0.008)
    #expect((mapping.inversion as? TKD)?.threshold == 0.2)
    #expect(mapping.masking is MagnitudeMask)
    (options.inversion, options.regularization) = (.network, nil)
    let learned = try #require(try options.mapping(for: maps).inversion as? LearnedInversion)
    #expect(learned.file.description.prior != nil, "the network in the box is taken where none is named")
    for method in ReconstructionMethod.allCases {
      let name = try ReconstructionOptions().reconstruction(by: method).configuration.name
      #expect(!name.isEmpty)
    }
    var pocs = ReconstructionOptions()
    (pocs.partialFourier, pocs.window) = (.pocs, .tukey)
    #expect(try pocs.reconstruction(by: .grappa) is WindowedReconstruction)
  }

  @Test func `Combinations that the echoes do not allow are refused before anything is computed`() throws {
    func scan(_ times: [Double], _ polarities: [ReadoutPolarity]? = nil) -> ScanParameters {
      ScanParameters(echoTimes: times, fieldStrength: 3, polarities: polarities)
    }
    let two = scan([0.004, 0.008], [.forward, .reversed])
    #expect(CombinationMethod(suiting: two) == .adaptive)
    let polarities = CoilCombinationError.inseparablePolarities([.forward, .reversed])
    #expect(throws: polarities) { try CombinationMethod.mdi.check(two) }
    #expect("\(polarities)".contains("`combine: adaptive`"))
    #expect(throws: PhaseUnwrappingError.notAlternating(echoes: 2)) {
      try CombinationMethod.mcpc3ds.check(two)
    }
    let pairs = scan([0.004, 0.008, 0.012, 0.016], [.forward, .forward, .reversed, .reversed])
    #expect(throws: PhaseUnwrappingError.notAlternating(echoes: 4)) {
      try CombinationMethod.mcpc3ds.check(pairs)
    }
    let uneven = scan([0.004, 0.009, 0.016])
    #expect(throws: CoilCombinationError.unequalEchoSpacing(uneven.echoTimes)) {
      try CombinationMethod.mdiEchoRatio.check(uneven)
    }
    try CombinationMethod.mdi.check(uneven)
    #expect(throws: CoilCombinationError.tooFewEchoes(1)) {
      try CombinationMethod.mcpc3ds.check(scan([0.004]))
    }
    try CombinationMethod.mcpc3ds.check(scan([0.004, 0.008, 0.012], [.forward, .reversed, .forward]))
  }

  @Test func `Options are kept, and their settings are those of files`() throws {
    var options = SusceptibilityOptions()
    (options.maskErosion, options.r2, options.separate) = (0.002, "r2.nii", true)
    let kept = try JSONDecoder().decode(
      SusceptibilityOptions.self, from: JSONEncoder().encode(options))
    #expect(kept == options)
    #expect(options.settings["mask-erosion"] == "2.0mm" && options.settings["r2"] == "r2.nii")
    #expect(options.settings["mask"] == nil && options.settings["edge-weights"] == "false")
    options.inversion = .tkd
    #expect(options.settings["edge-weights"] == nil)
    var stages = ReconstructionOptions()
    (stages.window, stages.virtualChannels) = (.voxelMean, 4)
    #expect(
      try JSONDecoder().decode(ReconstructionOptions.self, from: JSONEncoder().encode(stages)) == stages)
    #expect(stages.settings["method"] == "auto" && stages.settings["window"] == "voxel-mean")
  }
}
