import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport

extension KSpace {
  /// The same scan with the positions of a mask only.
  func undersampled(by mask: SamplingMask) -> KSpace {
    undersampled(by: Array(repeating: mask, count: echoes))
  }

  /// The same scan with the positions of each echo's mask only.
  func undersampled(by masks: [SamplingMask]) -> KSpace {
    var scan = self
    scan.masks = masks
    let isAcquired = masks.map(\.isAcquired.elements), length = readoutLength, positions = isAcquired[0].count
    scan.samples.withUnsafeMutableBufferPointer { samples in
      let echo = samples.count / masks.count
      for index in samples.indices where !isAcquired[index / echo][index / length % positions] {
        samples[index] = .zero
      }
    }
    return scan
  }

  /// One echo of the scan.
  func echo(_ index: Int) -> KSpace {
    KSpace(
      samples: samples.part(at: index).reshaped(to: [1] + samples.shape.dropFirst()), masks: [masks[index]],
      parameters: ScanParameters(echoTimes: [parameters.echoTimes[index]], fieldStrength: 3),
      geometry: geometry, noise: noise)
  }
}

/// A scan of a known object with known sensitivities, free of noise unless a level is given.
struct Simulation {
  let object: NDArray<Complex<Float>>
  var sensitivities: CoilSensitivities
  let scan: KSpace

  /// Sensitivities are low trigonometric polynomials of unit length; the object is an ellipsoid with texture.
  init(_ matrix: Extents, channels: Int, echoes: Int = 1, noise: Float = 0, seed: UInt64 = 1) {
    let geometry = Geometry(matrix: matrix, voxelSize: .one)
    let voxels = matrix.count
    var generator = SeededGenerator(seed: seed)
    // Half a period over the field of view, so that sensitivities are no functions on a torus.
    let terms = (0..<channels).map { channel in
      (0..<8).map { term in
        Complex<Float>(
          Float(generator.normal()) * (term == 0 ? 1.5 : 0.7),
          Float(generator.normal()) * (term == 0 ? 1.5 : 0.7))
      }
    }
    func position(_ index: Int, _ extent: Int) -> Float { Float(index - extent / 2) / Float(extent) }
    var maps = NDArray<Complex<Float>>(repeating: .zero, shape: [channels] + matrix.shape)
    var object = NDArray<Complex<Float>>(repeating: .zero, shape: matrix.shape)
    let texture = testPattern(matrix.shape, seed: seed)
    maps.withUnsafeMutableBufferPointer { maps in
      object.withUnsafeMutableBufferPointer { object in
        texture.withUnsafeBufferPointer { texture in
          for voxel in 0..<voxels {
            let x = position(voxel % matrix.x, matrix.x)
            let y = position(voxel / matrix.x % matrix.y, matrix.y)
            let z = position(voxel / matrix.x / matrix.y, matrix.z)
            var power: Float = 0
            for channel in 0..<channels {
              var value = Complex<Float>.zero
              for term in 0..<8 {
                let angle =
                  Float.pi * (x * Float(term & 1) + y * Float(term >> 1 & 1) + z * Float(term >> 2))
                value += terms[channel][term] * Complex(length: 1, phase: angle)
              }
              maps[channel * voxels + voxel] = value
              power += value.lengthSquared
            }
            for channel in 0..<channels {
              maps[channel * voxels + voxel] = maps[channel * voxels + voxel].divided(by: power.squareRoot())
            }
            if x * x + y * y + z * z < 0.16 { object[voxel] = texture[voxel] + 2 }
          }
        }
      }
    }
    self.object = object
    sensitivities = CoilSensitivities(maps, geometry: geometry)
    let samples = (FourierOperator(shape: matrix.shape) * SensitivityOperator(sensitivities))(object)
    var all = NDArray<Complex<Float>>(repeating: .zero, shape: [echoes, channels] + matrix.shape)
    for echo in 0..<echoes { all.setPart(at: echo, to: samples.map { $0.divided(by: Float(echo + 1)) }) }
    if noise > 0 {
      all = all.map {
        $0 + Complex(noise * Float(generator.normal()), noise * Float(generator.normal()))
      }
    }
    scan = KSpace(
      samples: all,
      masks: Array(repeating: SamplingMask(lines: matrix.y, partitions: matrix.z), count: echoes),
      parameters: ScanParameters(echoTimes: (0..<echoes).map { 0.003 * Double($0 + 1) }, fieldStrength: 3),
      geometry: geometry, noise: noise > 0 ? .whitened(standardDeviation: noise) : .unknown)
  }
}

/// A mask that keeps about one of two positions, and a centred box whole.
func scatteredMask(_ matrix: Extents, calibration: Int, seed: UInt64 = 3) -> SamplingMask {
  var generator = SeededGenerator(seed: seed)
  var mask = SamplingMask(lines: matrix.y, partitions: matrix.z, isAcquired: false)
  for z in 0..<matrix.z {
    for y in 0..<matrix.y {
      let isCentral = abs(z - matrix.z / 2) <= calibration / 2 && abs(y - matrix.y / 2) <= calibration / 2
      mask[line: y, partition: z] = generator.uniform() < 0.5 || isCentral
    }
  }
  return mask
}
