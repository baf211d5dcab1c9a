import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import TestSupport

/// Noise-free scans of a random ball with sensitivities of 27 Fourier coefficients.
enum SmoothScan {
  static func scan(_ matrix: Extents, channels: Int, echoes: Int = 1) -> KSpace {
    let transform = FourierTransform(shape: matrix.shape)
    // A compact object, so that neighbouring samples of k-space have something to say about each other.
    var object = testPattern(matrix.shape, seed: 5)
    let extents = matrix.shape
    object.withUnsafeMutableBufferPointer { object in
      for index in object.indices {
        let position = [index / (matrix.y * matrix.x), index / matrix.x % matrix.y, index % matrix.x]
        let radius = zip(position, extents).reduce(0.0) { sum, axis in
          let distance = axis.1 > 1 ? (Double(axis.0) - Double(axis.1 / 2)) / Double(axis.1) : 0
          return sum + distance * distance
        }
        if radius > 0.16 { object[index] = .zero }
      }
    }
    let shape = [echoes, channels] + matrix.shape
    var samples = NDArray<Complex<Float>>(repeating: .zero, shape: shape)
    for channel in 0..<channels {
      // A sensitivity with few coefficients around the centre of its k-space.
      var sensitivity = NDArray<Complex<Float>>(repeating: .zero, shape: matrix.shape)
      let coefficients = testPattern([27], seed: UInt64(100 + channel)).elements
      for (index, coefficient) in coefficients.enumerated() {
        let position = zip([index / 9, index / 3 % 3, index % 3], extents).map { offset, extent in
          extent > 2 ? extent / 2 + offset - 1 : extent / 2
        }
        sensitivity[position[0], position[1], position[2]] = coefficient
      }
      transform.inverse(&sensitivity)
      let image = NDArray(
        zip(sensitivity.elements, object.elements).map { $0 * $1 }, shape: matrix.shape)
      for echo in 0..<echoes {
        var echoImage = image.map { $0 * Complex<Float>(length: 1, phase: Float(echo)) }
        transform.forward(&echoImage)
        samples.setPart(at: echo, channel, to: echoImage)
      }
    }
    return KSpace(
      samples: samples,
      masks: Array(repeating: SamplingMask(lines: matrix.y, partitions: matrix.z), count: echoes),
      parameters: ScanParameters(echoTimes: (0..<echoes).map { 0.004 * Double($0 + 1) }, fieldStrength: 3),
      geometry: Geometry(matrix: matrix, voxelSize: .one), noise: .whitened(standardDeviation: 0))
  }
}

/// Noise-free scans of white k-space whose channels are copies, shifted by one step along `ky` or `kz`.
enum ShiftedScan {
  static func scan(_ matrix: Extents) -> KSpace {
    let shifts = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)].filter {
      (matrix.y > 1 || $0.0 == 0) && (matrix.z > 1 || $0.1 == 0)
    }
    let source = testPattern(matrix.shape, seed: 9)
    var samples = NDArray<Complex<Float>>(repeating: .zero, shape: [1, shifts.count] + matrix.shape)
    for (channel, shift) in shifts.enumerated() {
      for partition in 0..<matrix.z {
        for line in 0..<matrix.y {
          let (y, z) = ((line + shift.0 + matrix.y) % matrix.y, (partition + shift.1 + matrix.z) % matrix.z)
          samples.setPart(at: 0, channel, partition, line, to: source.part(at: z, y))
        }
      }
    }
    return KSpace(
      samples: samples, masks: [SamplingMask(lines: matrix.y, partitions: matrix.z)],
      parameters: ScanParameters(echoTimes: [0.004], fieldStrength: 3),
      geometry: Geometry(matrix: matrix, voxelSize: .one), noise: .whitened(standardDeviation: 0))
  }

  /// The positions that have neighbours on all sides.
  static func interior(_ matrix: Extents) -> SamplingOperator {
    var mask = SamplingMask(lines: matrix.y, partitions: matrix.z)
    func isRim(_ index: Int, _ extent: Int) -> Bool { extent > 1 && !(3..<extent - 3).contains(index) }
    for partition in 0..<matrix.z {
      for line in 0..<matrix.y where isRim(line, matrix.y) || isRim(partition, matrix.z) {
        mask[line: line, partition: partition] = false
      }
    }
    return SamplingOperator(mask)
  }
}

extension KSpace {
  /// A pseudo-random half of the positions, another one for each echo, and a full centre.
  func undersampled() -> KSpace {
    var generator = SeededGenerator(seed: 3)
    return sampled { _, _ in generator.integer(below: 2) == 0 }
  }

  /// Every other position along `ky` and along `kz`, and a full centre.
  func sampledAsCheckerboard() -> KSpace { sampled { line, partition in (line + partition) % 2 == 0 } }

  private func sampled(where isAcquired: (_ line: Int, _ partition: Int) -> Bool) -> KSpace {
    var scan = self
    for echo in 0..<echoes {
      var mask = SamplingMask(lines: lines, partitions: partitions)
      for partition in 0..<partitions {
        for line in 0..<lines where abs(line - lines / 2) > 7 || abs(partition - partitions / 2) > 7 {
          mask[line: line, partition: partition] = isAcquired(line, partition)
        }
      }
      scan.masks[echo] = mask
      scan.samples.setPart(at: echo, to: SamplingOperator(mask)(samples.part(at: echo)))
    }
    return scan
  }
}
