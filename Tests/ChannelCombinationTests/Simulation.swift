import ChannelCombination
import Foundation
import MRIData
import NDArrays
import Numerics

/// A gradient-echo signal with every quantity chosen, one value per voxel.
///
/// ```
/// S_ck(r) = C_c(r) exp(-R2* (TE_k - TE_1) + i 2 pi f TE_k) + noise,    sum_c |C_c|^2 = 1
/// ```
///
/// Sensitivities are random from voxel to voxel, so that nothing can be gained from neighbours.
struct Simulation {
  var matrix = Extents(x: 5, y: 3, z: 1)
  var channels = 4
  var echoTimes = Simulation.protocolTimes(8)
  var polarities: [ReadoutPolarity]?
  var relaxation: @Sendable (Int) -> Double = { _ in 20 }
  var field: @Sendable (Int) -> Double = { _ in 30 }
  /// Added to the phase of reversed echoes [rad].
  var oddEven: @Sendable (Int) -> Double = { _ in 0 }
  /// The noise of the real part; the root sum of squares of the first echo is 1.
  var sigma = 0.0
  var noise = NoiseLevel.unknown
  var seed: UInt64 = 1

  /// The echo times of the study's protocol [s].
  static func protocolTimes(_ echoes: Int) -> [Double] { (0..<echoes).map { 3.3e-3 + 3.1e-3 * Double($0) } }

  var parameters: ScanParameters {
    ScanParameters(echoTimes: echoTimes, fieldStrength: 3, polarities: polarities)
  }

  var geometry: Geometry { Geometry(matrix: matrix, voxelSize: [1e-3, 1e-3, 1e-3]) }

  /// The images, axes `[echo, channel, z, y, x]`.
  var voxels: NDArray<Complex<Float>> {
    var generator = SeededGenerator(seed: seed)
    let count = matrix.count
    var result = NDArray<Complex<Float>>(
      repeating: .zero, shape: [echoTimes.count, channels] + matrix.shape)
    result.withUnsafeMutableBufferPointer { target in
      for voxel in 0..<count {
        var coils = (0..<channels).map { _ in Complex(generator.normal(), generator.normal()) }
        let norm = coils.reduce(0) { $0 + $1.lengthSquared }.squareRoot()
        coils = coils.map { $0.divided(by: norm) }
        for (echo, time) in echoTimes.enumerated() {
          let reversed = polarities?[echo] == .reversed
          let phase = 2 * .pi * field(voxel) * time + (reversed ? oddEven(voxel) : 0)
          let signal = Complex(
            length: exp(-relaxation(voxel) * (time - echoTimes[0])), phase: phase)
          for channel in 0..<channels {
            let value = coils[channel] * signal
            target[(echo * channels + channel) * count + voxel] = Complex(
              Float(value.real + sigma * generator.normal()),
              Float(value.imaginary + sigma * generator.normal()))
          }
        }
      }
    }
    return result
  }

  var images: ChannelImages { wrap(voxels) }

  func wrap(_ voxels: NDArray<Complex<Float>>) -> ChannelImages {
    ChannelImages(voxels, parameters: parameters, geometry: geometry, noise: noise)
  }

  /// The Cramer-Rao bounds of the field [Hz] and of R2* [1/s], from the Fisher matrix of the echoes.
  ///
  /// The parameters are the logarithm of the amplitude, its phase, the frequency and the rate; derivatives are
  /// taken by differences, so that nothing is shared with the code under test.
  var cramerRaoBound: (field: Double, relaxation: Double) {
    let truth = [0, 0.3, field(0), relaxation(0)]
    func signal(_ p: [Double]) -> [Complex<Double>] {
      echoTimes.map {
        Complex(length: exp(p[0] - p[3] * ($0 - echoTimes[0])), phase: p[1] + 2 * .pi * p[2] * $0)
      }
    }
    let derivatives = truth.indices.map { index in
      var above = truth, below = truth
      above[index] += 1e-4
      below[index] -= 1e-4
      return zip(signal(above), signal(below)).map { ($0 - $1).divided(by: 2e-4) }
    }
    var rows = derivatives.enumerated().map { index, left in
      derivatives.map { right in
        zip(left, right).reduce(0.0) { $0 + ($1.0.conjugate * $1.1).real } / (sigma * sigma)
      } + truth.indices.map { $0 == index ? 1.0 : 0.0 }
    }
    for pivot in rows.indices {
      let scale = rows[pivot][pivot]
      rows[pivot] = rows[pivot].map { $0 / scale }
      for row in rows.indices where row != pivot {
        let factor = rows[row][pivot]
        rows[row] = zip(rows[row], rows[pivot]).map { $0 - factor * $1 }
      }
    }
    return (rows[2][6].squareRoot(), rows[3][7].squareRoot())
  }
}

/// The mean and the standard deviation.
func statistics(_ values: [Float]) -> (mean: Double, deviation: Double) {
  let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
  let square = values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
  return (mean, (square / Double(values.count - 1)).squareRoot())
}

/// The difference of two frequencies brought to the nearest multiple of a period.
func wrappedDifference(_ left: Double, _ right: Double, period: Double) -> Double {
  (left - right).remainder(dividingBy: period)
}
