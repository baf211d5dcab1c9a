import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

typealias Samples = NDArray<Complex<Float>>
typealias SampleOperator = any LinearOperator<Samples, Samples>

/// An operator with the shapes that it maps between; every operator of the toolkit has its line here.
struct OperatorCase: CustomTestStringConvertible, Sendable {
  let name: String
  let domain: [Int]
  let codomain: [Int]
  let make: @Sendable () -> SampleOperator

  init(
    _ name: String, from domain: [Int], to codomain: [Int], _ make: @escaping @Sendable () -> SampleOperator
  ) {
    self.name = name
    self.domain = domain
    self.codomain = codomain
    self.make = make
  }

  var testDescription: String { "\(name) \(domain) to \(codomain)" }

  /// Sums of `n` products whose rounding errors are independent, of vectors that have passed `log n` stages.
  var tolerance: Double {
    let count = Double(max(domain.reduce(1, *), codomain.reduce(1, *)))
    return 8 * Double(Float.ulpOfOne) * (1 + Double.log2(count + 1))
  }

  /// Odd, even, prime and unequal extents, one channel, one slice, one voxel.
  static let matrices = [
    Extents(x: 1, y: 1, z: 1), Extents(x: 8, y: 6, z: 4), Extents(x: 7, y: 5, z: 3),
    Extents(x: 16, y: 11, z: 1),
    Extents(x: 13, y: 2, z: 9),
  ]

  static let all: [OperatorCase] = matrices.flatMap { matrix in
    let shape = matrix.shape
    return [1, 3].flatMap { channels in
      let multichannel = [channels] + shape
      return [
        OperatorCase("F", from: multichannel, to: multichannel) { FourierOperator(shape: shape) },
        OperatorCase("F along kz, ky", from: multichannel, to: multichannel) {
          FourierOperator(shape: shape, axes: [0, 1])
        },
        OperatorCase("M", from: multichannel, to: multichannel) { SamplingOperator(mask(matrix)) },
        OperatorCase("C", from: shape, to: multichannel) { SensitivityOperator(maps(matrix, channels)) },
        OperatorCase("F C", from: shape, to: multichannel) {
          FourierOperator(shape: shape) * SensitivityOperator(maps(matrix, channels))
        },
        OperatorCase("M F C", from: shape, to: multichannel) { model(matrix, channels: channels) },
        OperatorCase("M (F C)", from: shape, to: multichannel) {
          SamplingOperator(mask(matrix))
            * (FourierOperator(shape: shape) * SensitivityOperator(maps(matrix, channels)))
        },
        OperatorCase("(M F C)^H", from: multichannel, to: shape) {
          model(matrix, channels: channels).adjoint
        },
        OperatorCase("(M F C)^H M F C", from: shape, to: shape) { model(matrix, channels: channels).gram },
      ]
    }
  }
}

/// The model of an undersampled multichannel scan.
func model(_ matrix: Extents, channels: Int) -> some LinearOperator<Samples, Samples> {
  SamplingOperator(mask(matrix)) * FourierOperator(shape: matrix.shape)
    * SensitivityOperator(maps(matrix, channels))
}

/// A mask that keeps two of three positions.
func mask(_ matrix: Extents) -> SamplingMask {
  var mask = SamplingMask(lines: matrix.y, partitions: matrix.z)
  for partition in 0..<matrix.z {
    for line in 0..<matrix.y where (line + 2 * partition) % 3 == 2 {
      mask[line: line, partition: partition] = false
    }
  }
  return mask
}

/// Sensitivities with arbitrary values.
func maps(_ matrix: Extents, _ channels: Int) -> CoilSensitivities {
  CoilSensitivities(
    testPattern([channels] + matrix.shape, seed: 11), geometry: Geometry(matrix: matrix, voxelSize: .one))
}
