import Foundation
import FourierTransforms
import MRIData
import NDArrays
import Numerics
import ReconNet
import TestSupport

/// Files that stand beside the tests.
enum Goldens {
  static let folder = SharedData.packageRoot.appending(path: "Tests/ReconNetTests/Goldens")
  static func path(_ name: String) -> String { folder.appending(path: name).path }
}

extension ReconNetWeights {
  /// A random network whose layers keep the size of what passes, so that all of them matter.
  static func random(
    features: Int, blocks: Int = 5, layers: Int = 5, consistency: DataConsistency = .noiseless,
    negativeSlope: Float = 0.01, isResidual: Bool = true, seed: UInt64 = 1
  ) -> ReconNetWeights {
    var generator = SeededGenerator(seed: seed)
    let widths = [2] + Array(repeating: features, count: layers - 1) + [2]
    return ReconNetWeights(
      blocks: (0..<blocks).map { _ in
        Block(
          convolutions: (0..<layers).map { layer in
            let inputs = widths[layer], outputs = widths[layer + 1]
            let deviation = (2 / Double(27 * inputs)).squareRoot() * (layer == layers - 1 ? 0.5 : 1)
            let weight = (0..<outputs * inputs * 27).map { _ in Float(deviation * generator.normal()) }
            let bias = (0..<outputs).map { _ in Float(0.1 * generator.normal()) }
            return Convolution(
              weight: NDArray(weight, shape: [outputs, inputs, 3, 3, 3]),
              bias: NDArray(bias, shape: [outputs]))
          }, consistency: consistency)
      }, negativeSlope: negativeSlope, isResidual: isResidual)
  }

  func with(consistency: DataConsistency, negativeSlope: Float) -> ReconNetWeights {
    ReconNetWeights(
      blocks: blocks.map { Block(convolutions: $0.convolutions, consistency: consistency) },
      negativeSlope: negativeSlope, isResidual: isResidual)
  }
}

/// A scan of random samples at random positions, more at the centre.
func randomScan(
  _ matrix: Extents, echoes: Int = 1, channels: Int = 1, share: Double = 0.4, seed: UInt64 = 1
) -> KSpace {
  var generator = SeededGenerator(seed: seed)
  let masks = (0..<echoes).map { _ in
    var mask = SamplingMask(lines: matrix.y, partitions: matrix.z, isAcquired: false)
    for partition in 0..<matrix.z {
      for line in 0..<matrix.y { mask[line: line, partition: partition] = generator.uniform() < share }
    }
    mask[line: matrix.y / 2, partition: matrix.z / 2] = true
    return mask
  }
  return scan(testPattern([echoes, channels] + matrix.shape, seed: seed), masks)
}

/// A scan with the given samples where the masks say so.
func scan(_ samples: NDArray<Complex<Float>>, _ masks: [SamplingMask]) -> KSpace {
  let shape = samples.shape, matrix = Extents(x: shape[4], y: shape[3], z: shape[2])
  var samples = samples
  for (echo, mask) in masks.enumerated() {
    for channel in 0..<shape[1] {
      for partition in 0..<matrix.z {
        for line in 0..<matrix.y where !mask[line: line, partition: partition] {
          let zeros = NDArray<Complex<Float>>(repeating: .zero, shape: [matrix.x])
          samples.setPart(at: echo, channel, partition, line, to: zeros)
        }
      }
    }
  }
  return KSpace(
    samples: samples, masks: masks,
    parameters: ScanParameters(echoTimes: (0..<shape[0]).map { 0.004 * Double($0 + 1) }, fieldStrength: 3),
    geometry: Geometry(matrix: matrix, voxelSize: .one))
}
