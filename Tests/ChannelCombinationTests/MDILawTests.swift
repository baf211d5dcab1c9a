import ChannelCombination
import MRIData
import NDArrays
import Numerics
import Testing

@Suite struct MDILawTests {
  /// What a change of every echo's phase by 32 roundings does to the field [Hz]: a slope over the echoes' spread.
  ///
  /// Turning a number and summing 32 channels costs some 10 roundings; the eigenvector is found to 10.
  private let rounding = Double(32 * Float.ulpOfOne) / (2 * .pi * 3.1e-3)

  private let noisy = Simulation(
    matrix: Extents(x: 7, y: 5, z: 3), channels: 6, relaxation: { Double($0 % 60) },
    field: { Double($0 % 31) * 10 - 150 }, sigma: 0.02, noise: .whitened(standardDeviation: 0.02))

  @Test(arguments: MDI.Estimator.allCases)
  func phasesOfChannelsCancel(_ estimator: MDI.Estimator) throws {
    let original = noisy.voxels
    var turned = original, generator = SeededGenerator(seed: 8)
    let voxels = noisy.matrix.count
    turned.withUnsafeMutableBufferPointer { values in
      for index in 0..<noisy.channels * voxels {
        let phase = Float(generator.uniform(in: -4..<4))
        for echo in noisy.echoTimes.indices {
          values[echo * noisy.channels * voxels + index] *= Complex(length: 1, phase: phase)
        }
      }
    }
    try expectEqualMaps(
      MDI(estimator: estimator)(noisy.wrap(original)), MDI(estimator: estimator)(noisy.wrap(turned)))
  }

  @Test(arguments: MDI.Estimator.allCases)
  func orderOfChannelsDoesNotMatter(_ estimator: MDI.Estimator) throws {
    let images = noisy.images
    let reversed = ChannelImages(
      channels: images.channels, parameters: images.parameters, geometry: images.geometry, noise: images.noise
    ) { try images.channel(images.channels - 1 - $0) }
    try expectEqualMaps(MDI(estimator: estimator)(images), MDI(estimator: estimator)(reversed))
  }

  private func expectEqualMaps(_ left: MDI.Output, _ right: MDI.Output) throws {
    #expect(left.fieldPeriod == right.fieldPeriod)
    for (one, other) in zip(left.field.voxels.elements, right.field.voxels.elements) {
      #expect(abs(wrappedDifference(Double(one), Double(other), period: left.fieldPeriod)) < rounding)
    }
    for (one, other) in zip(left.r2Star.voxels.elements, right.r2Star.voxels.elements) {
      #expect(abs(Double(one) - Double(other)) < 2 * .pi * rounding)
    }
    for (one, other) in zip(left.echoes.voxels.elements, right.echoes.voxels.elements) {
      #expect((one - other).length < 1e-4)
    }
  }

  /// Raw data come in any unit.
  @Test(arguments: [Float(0x1p-22), 0x1p20]) func unitOfTheImagesDoesNotMatter(_ scale: Float) throws {
    var scaled = noisy
    scaled.noise = .whitened(standardDeviation: 0.02 * scale)
    var maps = try MDI()(scaled.wrap(noisy.voxels.map { $0.multiplied(by: scale) }))
    maps.echoes = maps.echoes.map { $0.divided(by: scale) }
    try expectEqualMaps(MDI()(noisy.images), maps)
  }

  @Test(arguments: MDI.Estimator.allCases) func signAndUnits(_ estimator: MDI.Estimator) throws {
    // A quarter turn and a factor of 1/2 in 5 ms: 50 Hz and ln 2 / 5 ms.
    let images = ChannelImages(
      NDArray([Complex<Float>(0, 2), Complex(-1, 0)], shape: [2, 1, 1, 1, 1]),
      parameters: ScanParameters(echoTimes: [5e-3, 10e-3], fieldStrength: 3),
      geometry: Geometry(matrix: Extents(x: 1, y: 1, z: 1), voxelSize: [1, 1, 1]))
    let maps = try MDI(estimator: estimator)(images)
    #expect(abs(maps.field.voxels[0, 0, 0, 0] - 50) < 1e-4)
    #expect(abs(maps.r2Star.voxels[0, 0, 0, 0] - 138.629_44) < 1e-3)
    #expect(abs(maps.fieldPeriod - 200) < 1e-9)
    // Phases 2 pi f TE: a quarter turn at 5 ms, half a turn at 10 ms.
    #expect((maps.echoes.voxels[0, 0, 0, 0] - Complex(0, 2)).length < 1e-5)
    #expect((maps.echoes.voxels[1, 0, 0, 0] - Complex(-1, 0)).length < 1e-5)
  }

  /// Two echoes determine the model exactly, even if one weighs ten million times as much as the other.
  @Test(arguments: [1 / 4000, 1 / 64, 64, 4000] as [Float]) func echoesOfVeryUnequalSizeKeepTheirRate(
    _ ratio: Float
  )
    throws
  {
    let sigma: Float = 1e-6
    let images = ChannelImages(
      NDArray([Complex<Float>(1, 0), Complex(0, ratio)], shape: [2, 1, 1, 1, 1]),
      parameters: ScanParameters(echoTimes: [8e-3, 16e-3], fieldStrength: 3),
      geometry: Geometry(matrix: Extents(x: 1, y: 1, z: 1), voxelSize: [1e-3, 1e-3, 1e-3]),
      noise: .whitened(standardDeviation: sigma))
    let maps = try MDI()(images)
    let rate = -Float.log(ratio) / 8e-3
    #expect(abs(maps.r2Star.voxels[0, 0, 0, 0] - rate) < 1e-4 * abs(rate))
    #expect(abs(maps.field.voxels[0, 0, 0, 0] - 31.25) < 1e-3)
    let bound = sigma * (1 + 1 / (ratio * ratio)).squareRoot() / (2 * .pi * 8e-3)
    #expect(abs(try #require(maps.fieldNoise).voxels[0, 0, 0, 0] - bound) < 1e-3 * bound)
  }

  @Test(arguments: MDI.Estimator.allCases) func fieldIsWrappedIntoOnePeriod(_ estimator: MDI.Estimator) throws
  {
    let field: @Sendable (Int) -> Double = { Double($0) * 8 - 500.3 }
    let maps = try MDI(estimator: estimator)(
      Simulation(matrix: Extents(x: 127, y: 1, z: 1), field: field).images)
    let period = 1 / 3.1e-3
    #expect(abs(maps.fieldPeriod - period) < 1e-3)
    for (voxel, value) in maps.field.voxels.elements.enumerated() {
      #expect(Double(value) > -period / 2 && Double(value) <= period / 2 * (1 + 1e-6))
      #expect(abs(wrappedDifference(Double(value), field(voxel), period: period)) < rounding)
    }
  }

  @Test func echoesCarryThePhaseOfTheField() throws {
    let simulation = Simulation(relaxation: { _ in 40 }, field: { Double($0) * 20 - 150 })
    let maps = try MDI()(simulation.images)
    for voxel in 0..<simulation.matrix.count {
      for (echo, time) in simulation.echoTimes.enumerated() {
        let expected = Complex<Double>(
          length: .exp(-40 * (time - simulation.echoTimes[0])),
          phase: 2 * .pi * simulation.field(voxel) * time)
        let value = maps.echoes.voxels.elements[echo * simulation.matrix.count + voxel]
        #expect((Complex(Double(value.real), Double(value.imaginary)) - expected).length < 1e-5)
      }
    }
  }

  @Test func unequalEchoTimesResolveFurtherThanTheirShortestSpacing() throws {
    let field: @Sendable (Int) -> Double = { Double($0) * 6 - 300.1 }
    let simulation = Simulation(
      matrix: Extents(x: 101, y: 1, z: 1), channels: 3, echoTimes: [4e-3, 9e-3, 15e-3], field: field,
      sigma: 0.005, noise: .whitened(standardDeviation: 0.005))
    let maps = try MDI()(simulation.images)
    #expect(maps.fieldPeriod.rounded() == 200)
    // Six standard deviations of the bound.
    for (voxel, value) in maps.field.voxels.elements.enumerated() {
      #expect(
        abs(wrappedDifference(Double(value), field(voxel), period: 200)) < 6 * simulation.cramerRaoBound.field
      )
    }
    #expect(throws: CoilCombinationError.unequalEchoSpacing(simulation.echoTimes)) {
      try MDI(estimator: .echoRatio)(simulation.images)
    }
  }

  @Test(arguments: MDI.Estimator.allCases) func zerosStayZeroAndNaNStaysLocal(_ estimator: MDI.Estimator)
    throws
  {
    var simulation = Simulation(matrix: Extents(x: 11, y: 3, z: 1), sigma: 0.01)
    simulation.noise = .whitened(standardDeviation: 0.01)
    var voxels = simulation.voxels
    let clean = try MDI(estimator: estimator)(simulation.wrap(voxels))
    for echo in 0..<8 {
      for channel in 0..<4 { voxels[echo, channel, 0, 1, 4] = .zero }
    }
    voxels[2, 1, 0, 1, 6] = Complex(.nan, 0)
    let maps = try MDI(estimator: estimator)(simulation.wrap(voxels))
    #expect(maps.field.voxels[0, 0, 1, 4] == 0)
    #expect(maps.r2Star.voxels[0, 0, 1, 4] == 0)
    #expect(maps.echoes.voxels[7, 0, 1, 4] == .zero)
    #expect(maps.fieldNoise?.voxels[0, 0, 1, 4] == Float(maps.fieldPeriod) / Float(12).squareRoot())
    #expect(maps.field.voxels[0, 0, 1, 6].isNaN)
    #expect(maps.r2Star.voxels[0, 0, 1, 6].isNaN)
    #expect(maps.fieldNoise?.voxels[0, 0, 1, 6].isNaN == true)
    #expect(maps.magnitude.voxels[0, 0, 1, 6].isNaN)
    for voxel in 0..<33 where voxel != 15 && voxel != 17 {
      #expect(maps.field.voxels.elements[voxel] == clean.field.voxels.elements[voxel])
      #expect(maps.r2Star.voxels.elements[voxel] == clean.r2Star.voxels.elements[voxel])
    }
  }

  @Test func impossibleEchoTimesAreRefused() {
    for times in [[0.004, 0.008, .nan], [0.004, .nan, 0.008], [0.004, .infinity]] {
      #expect(MDI().obstacle(to: ScanParameters(echoTimes: times, fieldStrength: 3)) != nil, "\(times)")
    }
    #expect(throws: CoilCombinationError.tooFewEchoes(1)) {
      try MDI()(Simulation(echoTimes: [4e-3]).images)
    }
    #expect(throws: CoilCombinationError.echoTimesNotIncreasing([4e-3, 4e-3])) {
      try MDI()(Simulation(echoTimes: [4e-3, 4e-3]).images)
    }
    #expect("\(CoilCombinationError.tooFewEchoes(1))".contains("root sum of squares"))
    #expect("\(CoilCombinationError.unequalEchoSpacing([4e-3, 9e-3]))".contains("4.0, 9.0 ms"))
  }
}
