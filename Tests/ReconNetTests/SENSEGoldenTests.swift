import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import TestSupport
import Testing

@testable import ReconNet

@Suite("ReconNetSENSE equals PyTorch")
struct SENSEGoldenTests {
  @Test("for the same weights, maps, mask, noise and samples", arguments: ["9x11x7", "13x16x1", "6x20x3"])
  func golden(shape: String) throws {
    let cases = try SafetensorsFile(at: Goldens.path("sense_cases.safetensors"))
    func complex(_ name: String) throws -> NDArray<Complex<Float>> {
      let parts = try #require(try cases.tensor("\(shape)/\(name)")), values = parts.elements
      return NDArray(
        stride(from: 0, to: values.count, by: 2).map { Complex(values[$0], values[$0 + 1]) },
        shape: Array(parts.shape.dropLast()))
    }
    let flags = try #require(try cases.tensor("\(shape)/mask"))
    let noise = try #require(try cases.tensor("\(shape)/noise")).elements[0]
    var samples = try complex("samples")
    FourierTransform(shape: samples.shape, axes: [3]).forward(&samples)
    var scan = scan(
      samples.reshaped(to: [1] + samples.shape), [SamplingMask(isAcquired: flags.map { $0 > 0 })])
    scan.noise = .whitened(standardDeviation: noise)
    let maps = CoilSensitivities(try complex("maps"), geometry: scan.geometry)
    let weights = try ReconNetSENSEWeights(contentsOf: Goldens.path("sense_weights.safetensors"))
    #expect(weights.assumptions.isEmpty && weights.features == 8)
    let network = ReconNetSENSE(
      weights, calibration: .given(maps), lastConsistency: .conjugateGradients)
    let solution = try network.solution(for: CompactKSpace(scan))
    #expect(relativeError(solution.images.voxels.part(at: 0), try complex("image")) < 1e-5)
  }
}

@Suite("ReconNetSENSE")
struct ReconNetSENSETests {
  private let scan: KSpace
  private let network: ReconNetSENSE

  init() throws {
    var scan = randomScan(Extents(x: 6, y: 11, z: 9), echoes: 2, channels: 3)
    scan.noise = .whitened(standardDeviation: 0.1)
    self.scan = scan
    let maps = testPattern([3] + scan.geometry.matrix.shape, seed: 5)
    let power = (0..<scan.geometry.matrix.count).map { voxel in
      (0..<3).reduce(Float(0)) { $0 + maps.elements[$1 * scan.geometry.matrix.count + voxel].lengthSquared }
    }
    let unit = maps.elements.enumerated().map { index, value in
      value / Complex(power[index % power.count].squareRoot())
    }
    network = ReconNetSENSE(
      try ReconNetSENSEWeights(contentsOf: Goldens.path("sense_weights.safetensors")),
      calibration: .given(
        CoilSensitivities(NDArray(unit, shape: maps.shape), geometry: scan.geometry)))
  }

  @Test("keeps acquired samples bit for bit, and only those")
  func acquiredSamples() throws {
    let images = try network(scan)
    let kSpace = try #require(images.kSpace)
    for channel in 0..<3 {
      let spectrum = try kSpace(channel)
      var filled = 0
      for echo in 0..<2 {
        for z in 0..<9 {
          for y in 0..<11 {
            let found = spectrum.part(at: echo, z, y), given = scan.samples.part(at: echo, channel, z, y)
            if scan.masks[echo][line: y, partition: z] {
              #expect(found == given)
            } else if found.elements.contains(where: { $0.length > 1e-3 }) {
              filled += 1
            }
          }
        }
      }
      #expect(filled > 20)
      var image = spectrum
      FourierTransform(shape: spectrum.shape, axes: [1, 2, 3]).inverse(&image)
      #expect(relativeError(try images.channel(channel), image) < 1e-6)
    }
  }

  @Test("treats echoes one by one, each with its own mask")
  func echoes() throws {
    let together = try network(scan)
    for echo in 0..<2 {
      var alone = self.scan(echo)
      alone.noise = scan.noise
      let image = try network(alone).channel(1).part(at: 0)
      #expect(relativeError(image, try together.channel(1).part(at: echo)) < 1e-6)
    }
  }

  private func scan(_ echo: Int) -> KSpace {
    let samples = scan.samples.part(at: echo)
    return ReconNetTests.scan(samples.reshaped(to: [1] + samples.shape), [scan.masks[echo]])
  }

  @Test("passes a scale through, and permutes with its channels")
  func symmetries() throws {
    let image = try network(scan).channel(2)
    var scaled = scan
    scaled.samples = scan.samples.map { $0 * Complex(0x1p10) }
    scaled.noise = .whitened(standardDeviation: 0.1 * 0x1p10)
    #expect(relativeError(try network(scaled).channel(2), image.map { $0 * Complex(0x1p10) }) < 1e-6)

    guard case .given(let maps) = network.calibration else { return }
    var turned = scan
    var turnedMaps = maps.maps
    for channel in 0..<3 {
      turnedMaps.setPart(at: channel, to: maps.maps.part(at: 2 - channel))
      for echo in 0..<2 {
        turned.samples.setPart(at: echo, channel, to: scan.samples.part(at: echo, 2 - channel))
      }
    }
    let other = ReconNetSENSE(
      network.weights, calibration: .given(CoilSensitivities(turnedMaps, geometry: scan.geometry)))
    #expect(relativeError(try other(turned).channel(0), image) < 1e-5)
  }

  @Test("transforms what was fully sampled, and no more; has the same bits whatever memory it may use")
  func limits() throws {
    let full = ReconNetTests.scan(
      testPattern([1, 3, 9, 11, 6]), [SamplingMask(lines: 11, partitions: 9, isAcquired: true)])
    #expect(relativeError(try network(full).channel(0), try ZeroFilled()(full).channel(0)) < 1e-6)
    var frugal = network
    frugal.memoryLimit = CascadeConvolutions.bytes(network.blocks, matrix: scan.geometry.matrix, step: 2)
    #expect(try frugal(scan).channel(0) == network(scan).channel(0))
    frugal.memoryLimit = 1000
    #expect(throws: ReconNetError.self) { try frugal(scan) }
  }

  @Test("trusts noisy samples less")
  func noise() {
    let weight = ConsistencyWeight(offset: 0, exponent: 1.5)
    #expect(abs(weight(relativeNoise: 0.04) - 0.008) < 1e-7)
    #expect(weight(relativeNoise: 0) == weight(relativeNoise: 1 / 400))
    #expect(weight(relativeNoise: .infinity) == weight(relativeNoise: 0.1))
  }

  @Test("refuses ReconNet3D's weights, as ReconNet3D refuses its own")
  func otherWeights() throws {
    let own = Goldens.path("sense_weights.safetensors"), other = Goldens.path("weights.safetensors")
    let message = "these are the weights of another kind of network"
    for error in [
      #expect(throws: ReconNetError.self) { try ReconNetSENSE(weights: .file(other)) },
      #expect(throws: ReconNetError.self) { try ReconNet3D(weights: .file(own)) },
    ] { #expect("\(String(describing: error))".contains(message)) }
    var bare = SafetensorsText(ReconNetWeights.random(features: 3, blocks: 2, layers: 3))
    bare.metadata = [:]
    #expect(throws: ReconNetError.self) { try ReconNetSENSEWeights(bare.file()) }
  }

  @Test("warns of a small box of calibration data, and tells what its last step took")
  func smallBox() throws {
    let images = try network(scan)
    #expect(images.assumptions.contains { $0.contains("nuclei may fade") })
    let iterations = images.diagnostics.first { $0.name == "iterations" }
    #expect(iterations?.values.allSatisfy { (1...60).contains($0) } == true)
    let bare = ReconNetSENSE(
      network.weights, calibration: network.calibration, lastConsistency: .conjugateGradients)
    #expect(try bare(scan).diagnostics.allSatisfy { $0.name != "iterations" })
  }
}
