import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import RawData

@Suite struct EchoPlanarTests {
  @Test(
    "Ramps and ghosts leave no trace, with navigators and without, in one shot and in several",
    arguments: [(1, 3), (1, 0), (3, 3), (4, 2), (2, 0)])
  func images(shots: Int, navigators: Int) throws {
    var scene = EchoPlanarScene()
    (scene.shots, scene.navigators) = (shots, navigators)
    // Two navigators cannot tell what evolves from what alternates.
    if navigators == 2 { scene.evolution = 0 }
    let images = try scene.images(scene.source())
    #expect(relativeError(images, scene.object) < 0.01)
    #expect(scene.ghostLevel(images) < 0.005)
  }

  @Test(
    "Gradients that lag by several samples leave no trace either, with navigators and without",
    arguments: [3, 0])
  func lag(navigators: Int) throws {
    var scene = EchoPlanarScene()
    scene.navigators = navigators
    let slope = 2 * .pi * 4.2 / Double(scene.extent)
    scene.phases = [OddEvenPhase(constant: 0.5, slope: slope), OddEvenPhase(constant: 0.4, slope: slope)]
    let images = try scene.images(scene.source())
    #expect(relativeError(images, scene.object) < 0.01)
    #expect(scene.ghostLevel(images) < 0.005)
  }

  @Test("Without correction there are ghosts, and the option says so")
  func uncorrected() throws {
    let scene = EchoPlanarScene()
    let source = scene.source(), options = ReadingOptions(correctsEchoPlanar: false)
    #expect(scene.ghostLevel(try scene.images(source, options: options)) > 0.1)
    #expect(options.account == "echo-planar readouts as they are")
    #expect(try KSpace(source, options: options).assumptions.contains { $0.contains("echo-planar") })
  }

  @Test("Lines that navigators explain are no more than a note; ghosts that only images tell are a warning")
  func findings() throws {
    var scene = EchoPlanarScene()
    let navigated = try ScanLayout(of: scene.source())
    #expect(navigated.findings.allSatisfy { $0.severity == .note }, "\(navigated.findings)")
    #expect(navigated.findings.contains { $0.description.contains("3 navigators") })
    #expect(navigated.findings.contains { $0.problem.contains("ramps of 150 and 150 us") })
    scene.navigators = 0
    let warnings = try ScanLayout(of: scene.source()).findings.filter { $0.severity == .warning }
    #expect(warnings.count == 1 && warnings[0].problem.contains("without navigators"))
    var bare = scene.source()
    bare.header.encodings[0].trajectoryDescription = nil
    let more = try ScanLayout(of: bare).findings.filter { $0.severity == .warning }
    #expect(more.contains { $0.problem.contains("describes no gradient ramps") })
    scene.isAcquired = { abs($0 - 24) < 5 }
    #expect(
      try ScanLayout(of: scene.source()).findings.contains {
        $0.assumption?.contains("ghosts are not corrected") == true
      })
  }

  @Test("An even pace needs no description")
  func evenPace() throws {
    var scene = EchoPlanarScene()
    scene.hasRamps = false
    let described = try scene.images(scene.source())
    #expect(relativeError(described, scene.object) < 0.01)
    var source = scene.source()
    source.header.encodings[0].trajectoryDescription = nil
    // Half a sample between centre_sample and the middle of the readout is a slope of the images' phase.
    let images = try scene.images(source)
    #expect(scene.ghostLevel(images) < 0.005)
    let magnitudes = [images, scene.object].map { $0.map { Complex($0.length, 0) } }
    #expect(relativeError(magnitudes[0], magnitudes[1]) < 0.02)
  }

  @Test(
    "Samples that lie more closely on ramps are more than the header's points, which all of the image keeps")
  func closeSamples() throws {
    let scene = EchoPlanarScene()
    var source = scene.source()
    for keyPath in [\MRDHeader.Encoding.encodedSpace, \.reconSpace] {
      source.header.encodings[0][keyPath: keyPath].matrix.x = 68
      source.header.encodings[0][keyPath: keyPath].fieldOfView.x = 0.068
    }
    let layout = try ScanLayout(of: source)
    #expect(layout.grid.matrix.x == 80 && layout.grid.prescribed.x == 68)
    #expect(abs((layout.grid.fieldOfView[0] ?? 0) - 0.08) < 1e-9)
    // A ratio that no oversampling has is taken for one only where a gradient explains it.
    source.header.encodings[0].trajectoryDescription = nil
    #expect(try ScanLayout(of: source).grid.prescribed.x == 80)
  }

  @Test("Partial Fourier is what it is of other scans", arguments: [3, 0])
  func partialFourier(navigators: Int) throws {
    var scene = EchoPlanarScene()
    scene.navigators = navigators
    scene.phases = [.zero]
    scene.isAcquired = { $0 >= 12 }
    let reference = try scene.images(scene.source(), options: ReadingOptions(correctsEchoPlanar: true))
    scene.phases = EchoPlanarScene().phases
    let images = try scene.images(scene.source())
    #expect(relativeError(images, reference) < 0.02)
  }

  @Test("The order of the file changes no bit")
  func shuffling() throws {
    let source = EchoPlanarScene().source()
    #expect(try KSpace(source).samples == KSpace(source.shuffled(seed: 3)).samples)
  }

  @Test("Noise grows by ramps as little as its measure says")
  func noise() throws {
    var scene = EchoPlanarScene()
    let clean = try scene.images(scene.source())
    scene.noise = 0.02
    let noisy = try scene.images(scene.source())
    let deviation = relativeError(noisy, clean) * norm(clean) / (2 * Double(clean.count)).squareRoot()
    let map = ReadoutResampling(
      positions: scene.trapezoid.positions(onGridOf: scene.extent), extent: scene.extent,
      imageExtent: scene.matrix.x)
    #expect(abs(deviation / (Double(scene.noise) * map.noiseGain) - 1) < 0.05)
    #expect(map.noiseGain < 1.1)
  }

  private func norm(_ values: NDArray<Complex<Float>>) -> Double {
    values.elements.reduce(0) { $0 + Double($1.lengthSquared) }.squareRoot()
  }

  @Test("Calibration lines of an echo-planar scan are corrected as well")
  func calibration() throws {
    let scene = EchoPlanarScene()
    var source = scene.source()
    let central = source.acquisitions.indices.filter {
      source.acquisitions[$0].flaggedUse.isImage && abs(Int(source.acquisitions[$0].counters.line) - 24) < 9
    }
    for index in central {
      let readout = source.acquisitions[index]
      source.append(source.samples[index], channels: scene.channels) {
        $0.flags = readout.flags.union(.isCalibration)
        $0.counters = readout.counters
      }
    }
    let scan = try KSpace(source), lines = try #require(scan.calibration)
    for line in 16..<33 {
      for channel in 0..<scene.channels {
        let image = scan.samples.part(at: 0, channel, 0, line)
        #expect(relativeError(lines.samples.part(at: channel, 0, line), image) < 0.02)
      }
    }
  }

  @Test("A gradient that cannot be is not believed")
  func impossibleGradient() throws {
    var source = EchoPlanarScene().source()
    let whole = try #require(source.header.encodings[0].trajectoryDescription)
    for (name, value, words) in [
      ("dwellTime", 20, "readout gradient cannot be"), ("dwellTime", nil, "lacks a number"),
      ("numSamples", 160_000, "lacks a number"), ("numSamples", 16, "samples that the readout gradient"),
      ("rampUpTime", nil, "lacks a number"),
    ] as [(String, Double?, String)] {
      source.header.encodings[0].trajectoryDescription = whole
      source.header.encodings[0].trajectoryDescription?.parameters[name] = value
      source.header.manufacturer = "SIEMENS"
      for index in source.acquisitions.indices { source.acquisitions[index].position = [20, 0, 0] }
      #expect(
        try ScanLayout(of: source).findings.contains {
          $0.severity == .error && $0.problem.contains(words)
        }, "\(name)")
    }
    // Where samples take no time at all, and readouts do not say otherwise, they lie nowhere.
    for index in source.acquisitions.indices { source.acquisitions[index].sampleTime = 0 }
    source.header.encodings[0].trajectoryDescription = whole
    source.header.encodings[0].trajectoryDescription?.parameters["dwellTime"] = 1e-200
    #expect(
      try ScanLayout(of: source).findings.contains {
        $0.severity == .error && $0.problem.contains("cannot lie where")
      })
  }
}
