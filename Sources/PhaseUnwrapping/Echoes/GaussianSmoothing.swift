import NDArrays
import Numerics

/// Smoothing by a separable Gaussian kernel of complex volumes, which carry their own weight in their magnitude.
package struct GaussianSmoothing {
  /// The standard deviations along `x`, `y`, `z` [voxels].
  package let sigma: SIMD3<Double>

  package init(sigma: SIMD3<Double>) { self.sigma = sigma }

  /// Smooths a volume `[z, y, x]` in place; beyond its ends there is nothing.
  package func callAsFunction(_ volume: inout NDArray<Complex<Float>>) {
    let (depth, height, width) = (volume.shape[0], volume.shape[1], volume.shape[2])
    for (axis, (step, extent)) in [(1, width), (width, height), (width * height, depth)].enumerated() {
      guard extent > 1, sigma[axis] > 0 else { continue }
      let reach = min(extent - 1, Int((3 * sigma[axis]).rounded(.up)))
      let kernel = (0...reach).map { Float(Double.exp(-0.5 * Double($0 * $0) / (sigma[axis] * sigma[axis]))) }
      volume.withUnsafeMutableBufferPointer { values in
        let values = SharedBuffer(values)
        Parallelism.forEachBlock(of: values.elements.count / extent, length: 64) { lines in
          var line = [Complex<Float>](repeating: .zero, count: extent)
          for number in lines {
            let start = number / step * step * extent + number % step
            for index in 0..<extent { line[index] = values[start + index * step] }
            for index in 0..<extent {
              var sum = line[index]
              for distance in 1...reach {
                if index >= distance { sum += line[index - distance].multiplied(by: kernel[distance]) }
                if index + distance < extent {
                  sum += line[index + distance].multiplied(by: kernel[distance])
                }
              }
              values[start + index * step] = sum
            }
          }
        }
      }
    }
  }
}
