import Foundation
import MRIData
import NDArrays
import Numerics
import ReconNet

/// The network by its definition, in double precision.
struct DoubleNetwork {
  let weights: ReconNetWeights

  /// The image of samples `[kz, ky, kx]`.
  func image(of samples: NDArray<Complex<Float>>, mask: SamplingMask) -> [Complex<Double>] {
    let shape = samples.shape
    var samples = samples.elements.map { Complex(Double($0.real), Double($0.imaginary)) }
    transform(&samples, shape, axis: 2, sign: 1)
    let image = transformed(samples, shape, sign: 1)
    let magnitudes = image.map(\.length).sorted()
    let position = 0.99 * Double(magnitudes.count - 1), lower = Int(position)
    let upper = min(lower + 1, magnitudes.count - 1)
    let scale = magnitudes[lower] + (position - Double(lower)) * (magnitudes[upper] - magnitudes[lower])
    samples = samples.map { $0 / Complex(scale) }
    var current = image.map { $0 / Complex(scale) }
    for block in weights.blocks {
      var features = current.flatMap { [$0.real, $0.imaginary] }
      for (index, layer) in block.convolutions.enumerated() {
        features = convolved(features, layer, shape)
        if index + 1 < block.convolutions.count {
          features = features.map { $0 > 0 ? $0 : Double(weights.negativeSlope) * $0 }
        }
      }
      for voxel in current.indices {
        let change = Complex(features[2 * voxel], features[2 * voxel + 1])
        current[voxel] = weights.isResidual ? current[voxel] + change : change
      }
      var spectrum = transformed(current, shape, sign: -1)
      for position in spectrum.indices where mask.isAcquired.elements[position / shape[2]] {
        switch block.consistency {
        case .noiseless: spectrum[position] = samples[position]
        case .weighted(let lambda):
          let lambda = Double(lambda)
          spectrum[position] =
            (spectrum[position] + Complex(lambda) * samples[position]) / Complex(1 + lambda)
        }
      }
      current = transformed(spectrum, shape, sign: 1)
    }
    return current.map { $0 * Complex(scale) }
  }

  private func convolved(_ source: [Double], _ layer: ReconNetWeights.Convolution, _ shape: [Int]) -> [Double]
  {
    let weight = layer.weight.elements.map(Double.init), bias = layer.bias.elements.map(Double.init)
    let inputs = layer.inputs, outputs = layer.outputs
    var target = [Double](repeating: 0, count: shape.reduce(outputs, *))
    for z in 0..<shape[0] {
      for y in 0..<shape[1] {
        for x in 0..<shape[2] {
          let voxel = (z * shape[1] + y) * shape[2] + x
          for output in 0..<outputs {
            var sum = bias[output]
            for tap in 0..<27 {
              let (zz, yy, xx) = (z + tap / 9 - 1, y + tap / 3 % 3 - 1, x + tap % 3 - 1)
              guard zz >= 0, zz < shape[0], yy >= 0, yy < shape[1], xx >= 0, xx < shape[2] else { continue }
              let start = ((zz * shape[1] + yy) * shape[2] + xx) * inputs
              for input in 0..<inputs {
                sum += source[start + input] * weight[(output * inputs + input) * 27 + tap]
              }
            }
            target[voxel * outputs + output] = sum
          }
        }
      }
    }
    return target
  }

  private func transformed(_ values: [Complex<Double>], _ shape: [Int], sign: Double) -> [Complex<Double>] {
    var values = values
    transform(&values, shape, axis: 0, sign: sign)
    transform(&values, shape, axis: 1, sign: sign)
    return values
  }

  /// The centred unitary transform along one axis, by its definition.
  private func transform(_ values: inout [Complex<Double>], _ shape: [Int], axis: Int, sign: Double) {
    let extent = shape[axis], inner = shape[(axis + 1)...].reduce(1, *), source = values
    for index in values.indices {
      let k = index / inner % extent, start = index - k * inner
      var sum = Complex<Double>.zero
      for r in 0..<extent {
        let turns = sign * Double((k - extent / 2) * (r - extent / 2)) / Double(extent)
        sum += source[start + r * inner] * Complex(length: 1, phase: 2 * .pi * turns)
      }
      values[index] = sum / Complex(Double(extent).squareRoot())
    }
  }
}
