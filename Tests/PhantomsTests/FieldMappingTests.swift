import ChannelCombination
import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Operators
import Phantoms
import Testing

/// What MDI makes of the noise of a whole scan: 32 channels, the eight echoes of the study.
struct FieldMappingTests {
  /// The scan with whitened channels: real and imaginary parts of the noise have standard deviation 1.
  private func whitened(_ scan: KSpace, by covariance: NDArray<Complex<Double>>) throws -> KSpace {
    let half = covariance.map { Complex($0.real / 2, $0.imaginary / 2) }
    let matrix = try inverseOfLowerTriangle(choleskyFactor(of: half))
      .map { Complex(Float($0.real), Float($0.imaginary)) }
    var result = scan
    let voxels = scan.geometry.matrix.count
    for echo in 0..<scan.echoes {
      let part = scan.samples.part(at: echo)
      let product = NDArray<Complex<Float>>(uninitializedShape: part.shape) { target in
        target.initialize(repeating: .zero)
        matrix.withUnsafeBufferPointer { matrix in
          part.withUnsafeBufferPointer { samples in
            multiply(
              matrix, samples, into: target, rows: scan.channels, columns: voxels, inner: scan.channels)
          }
        }
      }
      result.samples.setPart(at: echo, to: product)
    }
    result.noise = .whitened(standardDeviation: 1)
    return result
  }

  @Test("On a 32-channel scan, field noise is within 15 % of the Cramer-Rao bound, and R2* within 5 %")
  func cramerRaoBound() throws {
    let geometry = Geometry(matrix: Extents(x: 40, y: 48, z: 10), voxelSize: [4.8e-3, 4.8e-3, 14e-3])
    func phantom(_ signalToNoise: Double) -> HeadPhantom {
      HeadPhantom(HeadAnatomy(seed: 2), geometry: geometry, channels: 32, signalToNoise: signalToNoise)
    }
    let noisy = phantom(60)
    let covariance = noisy.noiseCovariance
    let mapping = Pipeline(ZeroFilled(), then: MDI())
    let measured = try mapping(whitened(noisy.scan(), by: covariance))
    let clean = try mapping(whitened(phantom(.infinity).scan(), by: covariance))

    // For S_k = A e^(i phi) e^(-R t_k) e^(2 pi i f t_k), whose A, phi, R, f are all unknown, and unit variance of
    // both parts of the noise: var f = 1 / (4 pi^2 sum |S_k|^2 (t_k - t)^2), t the mean weighted by |S_k|^2.
    let times = noisy.parameters.echoTimes
    let echoes = clean.echoes.voxels.elements, rates = clean.r2Star.voxels.elements
    let field = clean.field.voxels.elements, noisyField = measured.field.voxels.elements
    let noisyRates = measured.r2Star.voxels.elements
    let statedNoise = try #require(measured.fieldNoise).voxels.elements
    let brain = noisy.brainMask.voxels.elements
    let period = clean.fieldPeriod
    var fieldSquares = 0.0, statedSquares = 0.0, relaxation = 0.0, bias = 0.0
    var count = 0
    for voxel in 0..<geometry.matrix.count {
      let powers = times.indices.map { echo in
        Double(echoes[echo * geometry.matrix.count + voxel].lengthSquared)
      }
      let rate = Double(rates[voxel])
      guard powers[0] >= 20 * 20, rate <= 60, brain[voxel] > 0 else { continue }
      let total = powers.reduce(0, +)
      let mean = zip(powers, times).reduce(0) { $0 + $1.0 * $1.1 } / total
      let spread = zip(powers, times).reduce(0) { $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean) }
      let bound = 1 / (2 * .pi * spread.squareRoot())
      var error = Double(noisyField[voxel] - field[voxel])
      error -= period * (error / period).rounded()
      fieldSquares += (error / bound) * (error / bound)
      let stated = Double(statedNoise[voxel])
      statedSquares += (stated / bound) * (stated / bound)
      relaxation += rate
      bias += Double(noisyRates[voxel]) - rate
      count += 1
    }
    #expect(count > 3000)
    let ratio = (fieldSquares / Double(count)).squareRoot()
    #expect((0.85...1.15).contains(ratio), "field noise is \(ratio) of the bound")
    let stated = (statedSquares / Double(count)).squareRoot()
    #expect((0.9...1.1).contains(stated), "stated field noise is \(stated) of the bound")
    #expect(abs(bias) < 0.05 * relaxation, "R2* is off by \(bias / relaxation)")
  }
}
