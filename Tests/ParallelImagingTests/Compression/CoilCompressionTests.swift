import ChannelCombination
import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import TestSupport
import Testing

@Suite("Coil compression")
struct CoilCompressionTests {
  static let kinds = [CoilCompression.Kind.uniform, .geometric]
  static let matrices = [
    Extents(x: 24, y: 20, z: 16), Extents(x: 17, y: 23, z: 11), Extents(x: 31, y: 29, z: 1),
    Extents(x: 1, y: 24, z: 21),
  ]

  @Test("has orthonormal rows", arguments: kinds, matrices)
  func orthonormal(kind: CoilCompression.Kind, matrix: Extents) throws {
    let scan = Simulation(matrix, channels: 7, noise: 0.01).scan
    for count in [1, 3, 7] {
      let weights = try CoilCompression(kind, keeping: .channels(count)).mix(for: scan).weights
      #expect(weights.shape == [kind == .uniform ? 1 : matrix.x, count, 7])
      var worst = 0.0
      for x in 0..<weights.shape[0] {
        for a in 0..<count {
          for b in 0..<count {
            let product = weights.part(at: x, b).dot(weights.part(at: x, a))
            worst = max(worst, (product - Complex(a == b ? 1 : 0, 0)).length)
          }
        }
      }
      #expect(worst < 1e-5)
    }
  }

  @Test("keeps all energy and all products of echoes where all channels are kept", arguments: kinds)
  func unitary(kind: CoilCompression.Kind) throws {
    let scan = Simulation(Extents(x: 17, y: 23, z: 11), channels: 5, echoes: 2, noise: 0.01).scan
    let mixed = try scan.compressed(by: CoilCompression(kind, keeping: .channels(9)))
    #expect(mixed.channels == 5)
    #expect(abs(mixed.samples.squaredNorm / scan.samples.squaredNorm - 1) < 1e-5)
    #expect(relativeError(try echoProducts(mixed), try echoProducts(scan)) < 1e-5)
    #expect(relativeError(mixed.samples, scan.samples) > 0.1, "they are not the same channels")
  }

  @Test("loses the energy that it says", arguments: kinds)
  func energy(kind: CoilCompression.Kind) throws {
    // Half a period of phase in eight terms: a few virtual channels hold nearly everything.
    let scan = Simulation(Extents(x: 24, y: 20, z: 16), channels: 12).scan
    var last = 0.0
    for count in 1...12 {
      let compression = CoilCompression(kind, keeping: .channels(count))
      let mix = try compression.mix(for: scan)
      let share = mix(scan).samples.squaredNorm / scan.samples.squaredNorm
      // The whole grid is the calibration data; a hundredth of the common covariance bends the geometric mix.
      #expect(abs(share - mix.retainedEnergy) < 0.01 && mix.retainedEnergy >= last)
      last = mix.retainedEnergy
    }
    #expect(last > 0.999999)
    let mix = try CoilCompression(kind, keeping: .energy(0.99)).mix(for: scan)
    #expect(mix.retainedEnergy >= 0.99 && mix.virtualChannels < 12)
    let fewer = try CoilCompression(kind, keeping: .channels(mix.virtualChannels - 1)).mix(for: scan)
    #expect(fewer.retainedEnergy < 0.99)
    #expect(try CoilCompression(kind, keeping: .energy(1, atMost: 4)).mix(for: scan).virtualChannels == 4)
  }

  @Test("needs fewer channels for each position than for all")
  func geometricIsBetter() throws {
    let scan = Simulation(Extents(x: 32, y: 20, z: 16), channels: 12).scan
    let shares = try Self.kinds.map {
      try CoilCompression($0, keeping: .channels(4)).mix(for: scan).retainedEnergy
    }
    #expect(1 - shares[1] < 0.5 * (1 - shares[0]))
  }

  @Test("changes little from position to position")
  func alignment() throws {
    let scan = Simulation(Extents(x: 32, y: 20, z: 16), channels: 12).scan
    let weights = try CoilCompression(.geometric, keeping: .channels(5)).mix(for: scan).weights
    var changes = 0.0
    for x in 1..<32 {
      let (before, after) = (weights.part(at: x - 1), weights.part(at: x))
      changes += relativeError(after, before) / 31
      // No turn brings them nearer: their products are Hermitian and have a positive trace.
      var skewness = 0.0, trace = 0.0
      for a in 0..<5 {
        for b in 0..<5 {
          let product = after.part(at: b).dot(before.part(at: a))
          let mirrored = after.part(at: a).dot(before.part(at: b))
          skewness = max(skewness, (product - mirrored.conjugate).length)
          if a == b { trace += product.real }
        }
      }
      #expect(skewness < 1e-5 && trace > 0, "position \(x)")
    }
    #expect(changes < 0.2)
  }

  @Test("leaves the field of MDI as it is", arguments: kinds)
  func field(kind: CoilCompression.Kind) throws {
    let scan = Simulation(Extents(x: 24, y: 20, z: 16), channels: 12, echoes: 3).scan
    let compressed = try scan.compressed(by: CoilCompression(kind, keeping: .energy(0.9999)))
    #expect(compressed.channels < 12)
    let (a, b) = (try MDI()(ZeroFilled()(scan)), try MDI()(ZeroFilled()(compressed)))
    var worst: Float = 0
    for (index, value) in a.echoes[0].elements.enumerated() where value.length > 1 {
      worst = max(worst, abs(a.field[0].elements[index] - b.field[0].elements[index]))
    }
    // Echoes without phase have no field; a hertz is 0.02 rad between echoes.
    #expect(worst < 0.1)
  }

  @Test("leaves holes, and what lies outside of an asymmetric echo, zero", arguments: kinds)
  func holes(kind: CoilCompression.Kind) throws {
    let matrix = Extents(x: 24, y: 20, z: 16)
    var scan = Simulation(matrix, channels: 6).scan.undersampled(by: scatteredMask(matrix, calibration: 8))
    scan.readoutRange = 5..<24
    scan.samples.withUnsafeMutableBufferPointer { samples in
      for index in samples.indices where index % 24 < 5 { samples[index] = .zero }
    }
    let mixed = try scan.compressed(by: CoilCompression(kind, keeping: .channels(3)))
    #expect(mixed.readoutRange == 5..<24 && mixed.masks == scan.masks)
    #expect(SamplingOperator(scan.masks[0])(mixed.samples) == mixed.samples)
    let samples = mixed.samples.elements
    #expect(samples.indices.allSatisfy { $0 % 24 >= 5 || samples[$0] == .zero })
    #expect(samples.contains { $0 != .zero })
  }

  @Test("compresses calibration lines alike")
  func calibrationLines() throws {
    let matrix = Extents(x: 16, y: 20, z: 12)
    let full = Simulation(matrix, channels: 6).scan
    var scan = full
    scan.calibration = CalibrationLines(samples: full.samples.part(at: 0), mask: full.masks[0])
    let mixed = try scan.compressed(by: CoilCompression(keeping: .channels(3)))
    #expect(mixed.calibration?.samples == mixed.samples.part(at: 0))
  }

  @Test("says what is wrong with the calibration", arguments: kinds)
  func badCalibration(kind: CoilCompression.Kind) throws {
    var scan = Simulation(Extents(x: 8, y: 12, z: 10), channels: 3).scan
    let full = scan
    scan.masks = [SamplingMask(lines: 12, partitions: 10, isAcquired: false)]
    let compression = CoilCompression(kind)
    #expect(throws: ParallelImagingError.noCalibration) { try scan.compressed(by: compression) }
    scan = full
    scan.samples = NDArray(repeating: .zero, shape: full.samples.shape)
    #expect(throws: ParallelImagingError.calibrationWithoutSignal) { try scan.compressed(by: compression) }
    scan.samples = NDArray(repeating: Complex(.nan, 0), shape: full.samples.shape)
    #expect(throws: ParallelImagingError.calibrationNotFinite) { try scan.compressed(by: compression) }
    // A silent channel takes no part.
    scan = full
    scan.samples.setPart(at: 0, 1, to: NDArray(repeating: .zero, shape: [10, 12, 8]))
    let mix = try CoilCompression(kind, keeping: .energy(1)).mix(for: scan)
    #expect(mix.weights.elements.allSatisfy { $0.real.isFinite && $0.imaginary.isFinite })
    #expect(mix.retainedEnergy > 0.999999)
  }

  /// `sum_c S_c1 conj(S_c2)` of every voxel.
  private func echoProducts(_ scan: KSpace) throws -> NDArray<Complex<Float>> {
    let images = ZeroFilled()(scan)
    var sum = NDArray<Complex<Float>>(repeating: .zero, shape: scan.geometry.matrix.shape)
    for channel in 0..<scan.channels {
      let image = try images.channel(channel)
      let products = zip(image.part(at: 0).elements, image.part(at: 1).elements).map { $0 * $1.conjugate }
      sum.add(NDArray(products, shape: sum.shape), times: 1)
    }
    return sum
  }
}
