import CConvolution
import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import Synchronization
import TestSupport
import Testing

@testable import ReconNet

@Suite("ReconNet3D")
struct ReconNet3DTests {
  private let weights = ReconNetWeights.random(features: 8, blocks: 3)

  @Test("agrees with the measured samples after every block, and leaves the others to the network")
  func consistency() throws {
    let scan = randomScan(Extents(x: 7, y: 10, z: 9)), mask = scan.masks[0]
    let transform = FourierTransform(shape: [9, 10, 7], axes: [0, 1])
    var samples = scan.volume(echo: 0, channel: 0)
    FourierTransform(shape: [9, 10, 7], axes: [2]).inverse(&samples)
    let before = testPattern([9, 10, 7], seed: 5)
    var spectrum = before
    transform.forward(&spectrum)
    for consistency in [DataConsistency.noiseless, .weighted(1.5), .weighted(0)] {
      var after = consistency(before, samples: samples, mask: mask)
      transform.forward(&after)
      let expected = NDArray<Complex<Float>>(uninitializedShape: [9, 10, 7]) { target in
        let (old, measured) = (spectrum.elements, samples.elements), acquired = mask.isAcquired.elements
        for index in target.indices {
          let share: Float =
            switch consistency {
            case .noiseless: 1
            case .weighted(let lambda): lambda / (1 + lambda)
            }
          let value = old[index] + Complex(share) * (measured[index] - old[index])
          target.initializeElement(at: index, to: acquired[index / 7] ? value : old[index])
        }
      }
      #expect(relativeError(after, expected) < 1e-6, "\(consistency)")
    }

    var volume = scan.volume(echo: 0, channel: 0)
    let packed = ReconNet3D(weights).blocks
    let cascade = Cascade(packed, matrix: scan.geometry.matrix, step: 4)
    let blocks = Mutex(0)
    FourierTransform(shape: [9, 10, 7]).inverse(&volume)
    let scale = try #require(MagnitudeScale.bright(volume))
    _ = cascade.image(of: scan.volume(echo: 0, channel: 0), mask: mask) { _, image in
      var spectrum = image
      transform.forward(&spectrum)
      let error = worstAcquired(spectrum.map { $0 * Complex(scale) }, samples, mask)
      #expect(error < 2e-6)
      blocks.withLock { $0 += 1 }
    }
    #expect(blocks.withLock { $0 } == 3)
  }

  private func worstAcquired(
    _ values: NDArray<Complex<Float>>, _ expected: NDArray<Complex<Float>>, _ mask: SamplingMask
  ) -> Float {
    let acquired = mask.isAcquired.elements, length = values.shape[2]
    let largest = expected.elements.map(\.length).max() ?? 0
    return zip(values.elements, expected.elements).enumerated().map { index, pair in
      acquired[index / length] ? (pair.0 - pair.1).length / largest : 0
    }.max() ?? 0
  }

  @Test("takes its mask's word, not zeros, for what was acquired")
  func measuredZeros() throws {
    var scan = randomScan(Extents(x: 6, y: 8, z: 4))
    // The centre is always acquired.
    scan.samples.setPart(at: 0, 0, 2, 4, to: NDArray(repeating: .zero, shape: [6]))
    var spectrum = try ReconNet3D(weights)(scan).channel(0).part(at: 0)
    FourierTransform(shape: [4, 8, 6]).forward(&spectrum)
    let largest = spectrum.elements.map(\.length).max() ?? 0
    #expect(spectrum.part(at: 2, 4).elements.allSatisfy { $0.length < 1e-6 * largest })
  }

  @Test("has the same bits whatever memory it may use")
  func steps() throws {
    let scan = randomScan(Extents(x: 29, y: 9, z: 6)), volume = scan.volume(echo: 0, channel: 0)
    let blocks = ReconNet3D(weights).blocks
    func image(_ step: Int) -> NDArray<Complex<Float>>? {
      Cascade(blocks, matrix: scan.geometry.matrix, step: step).image(of: volume, mask: scan.masks[0])
    }
    let whole = try #require(image(30))
    for step in [2, 4, 6, 8, 14, 16, 28] { #expect(image(step) == whole, "steps of \(step)") }
    let network = ReconNet3D(
      weights, memoryLimit: Cascade.bytes(blocks, matrix: scan.geometry.matrix, step: 2))
    #expect(try network(scan).channel(0).part(at: 0) == whole)
    #expect(try network.memory(for: scan.geometry.matrix) == network.memoryLimit)
  }

  @Test("says how much memory it needs where it may not have it")
  func tooLarge() {
    let network = ReconNet3D(weights, memoryLimit: 1000)
    let error = #expect(throws: ReconNetError.self) { try network(randomScan(Extents(x: 4, y: 4, z: 4))) }
    guard case .tooLarge(let needed, 1000) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(needed > 1000)
  }

  @Test("treats channels and echoes one by one, from any number of threads")
  func independence() throws {
    let scan = randomScan(Extents(x: 6, y: 7, z: 5), echoes: 2, channels: 5)
    let images = try ReconNet3D(weights)(scan)
    let together = Mutex<[Int: NDArray<Complex<Float>>]>([:])
    Parallelism.forEach(5) { channel in
      let image = try? images.channel(channel)
      together.withLock { $0[channel] = image }
    }
    for channel in 0..<5 {
      #expect(together.withLock { $0[channel] } == (try images.channel(channel)))
      for echo in 0..<2 {
        let alone = self.scanOf(scan.volume(echo: echo, channel: channel), scan.masks[echo])
        #expect(
          try ReconNet3D(weights)(alone).channel(0).part(at: 0) == images.channel(channel).part(at: echo))
      }
    }
  }

  private func scanOf(_ volume: NDArray<Complex<Float>>, _ mask: SamplingMask) -> KSpace {
    scan(volume.reshaped(to: [1, 1] + volume.shape), [mask])
  }

  @Test("passes a scale through")
  func scale() throws {
    let scan = randomScan(Extents(x: 6, y: 9, z: 5))
    let image = try ReconNet3D(weights)(scan).channel(0)
    // A power of two changes exponents only.
    for factor: Float in [0x1p-40, 0x1p20] {
      var scaled = scan
      scaled.samples = scan.samples.map { $0 * Complex(factor) }
      let result = try ReconNet3D(weights)(scaled).channel(0)
      #expect(result == image.map { $0 * Complex(factor) })
    }
  }

  @Test("passes a phase through where nothing breaks the symmetry")
  func phase() throws {
    // Convolutions of zero: what is left is normalisation and data consistency.
    let zero = ReconNetWeights(
      blocks: weights.blocks.map { block in
        ReconNetWeights.Block(
          convolutions: block.convolutions.map {
            ReconNetWeights.Convolution(
              weight: $0.weight.map { _ in 0 }, bias: NDArray(repeating: 0, shape: $0.bias.shape))
          }, consistency: .noiseless)
      })
    let scan = randomScan(Extents(x: 6, y: 9, z: 5))
    var turned = scan
    let turn = Complex<Float>(length: 1, phase: 1)
    turned.samples = scan.samples.map { $0 * turn }
    let image = try ReconNet3D(zero)(scan).channel(0)
    #expect(relativeError(try ReconNet3D(zero)(turned).channel(0), image.map { $0 * turn }) < 1e-6)
    // Such a network leaves the zero-filled image as it is.
    #expect(relativeError(image, try ZeroFilled()(scan).channel(0)) < 1e-6)
  }

  @Test("transforms what was fully sampled, and no more")
  func fullySampled() throws {
    let scan = scan(
      testPattern([2, 2, 5, 6, 7]), [.init(lines: 6, partitions: 5), .init(lines: 6, partitions: 5)])
    let images = try ReconNet3D(weights)(scan), expected = ZeroFilled()(scan)
    for channel in 0..<2 {
      #expect(relativeError(try images.channel(channel), try expected.channel(channel)) < 1e-6)
    }
    #expect(images.noise == scan.noise && images.assumptions == scan.assumptions)
  }

  @Test("leaves silence silent, and refuses numbers that are not finite")
  func badSamples() throws {
    var scan = randomScan(Extents(x: 4, y: 5, z: 3), echoes: 2)
    scan.samples = scan.samples.map { _ in .zero }
    #expect(try ReconNet3D(weights)(scan).channel(0).elements.allSatisfy { $0 == .zero })
    for bad in [Complex<Float>(.nan, 0), Complex(0, .infinity)] {
      var broken = randomScan(Extents(x: 4, y: 5, z: 3), echoes: 2)
      broken.samples[1, 0, 1, 2, 3] = bad
      let images = try ReconNet3D(weights)(broken)
      #expect(throws: ReconNetError.notFinite(echo: 1, channel: 0)) { try images.channel(0) }
    }
  }

  @Test("takes calibration lines of the same scan for samples")
  func calibration() throws {
    let full = testPattern([1, 1, 4, 8, 6])
    var sparse = SamplingMask(lines: 8, partitions: 4, isAcquired: false), dense = sparse
    for partition in 0..<4 {
      for line in stride(from: 0, to: 8, by: 2) { sparse[line: line, partition: partition] = true }
      for line in 0..<8 { dense[line: line, partition: partition] = line % 2 == 0 || (3...5).contains(line) }
    }
    var scan = self.scanOf(full.part(at: 0, 0), sparse)
    scan.calibration = CalibrationLines(
      samples: self.scanOf(full.part(at: 0, 0), dense).samples.part(at: 0), mask: dense, isEmbedded: true)
    let expected = try ReconNet3D(weights)(self.scanOf(full.part(at: 0, 0), dense)).channel(0)
    #expect(try ReconNet3D(weights)(scan).channel(0) == expected)
  }

  @Test("says what it does with noise and with single partitions")
  func statements() throws {
    let images = try ReconNet3D(weights)(randomScan(Extents(x: 4, y: 9, z: 1)))
    #expect(images.noise == .unknown)
    #expect(images.assumptions.contains { $0.contains("single partition") })
  }
}

@Suite("The bright voxels' magnitude")
struct MagnitudeScaleTests {
  @Test("is the 0.99 quantile as NumPy has it", arguments: [1, 2, 3, 100, 101, 997])
  func quantile(count: Int) {
    let volume = testPattern([count], seed: UInt64(count))
    let sorted = volume.elements.map(\.length).sorted()
    let position = 0.99 * Double(count - 1), lower = Int(position), upper = min(lower + 1, count - 1)
    let expected = Double(sorted[lower]) + (position - Double(lower)) * Double(sorted[upper] - sorted[lower])
    #expect(MagnitudeScale.bright(volume) == Float(expected))
  }
}
