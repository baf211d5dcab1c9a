import NDArrays

/// The weighted means, squares and products of two images around every voxel.
struct LocalMoments {
  private let shape: [Int]
  private let z: FilterRows
  private let y: FilterRows
  private let x: FilterRows

  /// - Parameters:
  ///   - shape: `[y, x]` or `[z, y, x]`.
  ///   - dimensions: How many of the last axes the window extends along, 2 or 3.
  ///   - taps: The weights along each axis.
  ///   - border: How the window goes on beyond the border.
  init(shape: [Int], dimensions: Int, taps: [Double], border: FilterBorder) {
    self.shape = shape
    let volume = shape.count == 3 ? shape : [1] + shape
    z =
      dimensions == 3
      ? FilterRows(taps, length: volume[0], border: border) : FilterRows(identityOf: volume[0])
    y = FilterRows(taps, length: volume[1], border: border)
    x = FilterRows(taps, length: volume[2], border: border)
  }

  /// A map computed voxel by voxel from `E[a], E[b], E[a^2], E[b^2], E[ab]`.
  func map(
    _ first: NDArray<Float>, _ second: NDArray<Float>,
    _ combine: @Sendable (Double, Double, Double, Double, Double) -> Double
  ) -> NDArray<Float> {
    let filter = PlaneFilter(rows: y.starts.count, columns: x.starts.count)
    let count = filter.count
    return NDArray(uninitializedShape: shape) { target in
      let target = SharedBuffer(target)
      first.withUnsafeBufferPointer { first in
        second.withUnsafeBufferPointer { second in
          let first = SharedConstants(first), second = SharedConstants(second)
          Parallelism.forEach(z.starts.count) { plane in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: 10 * count + filter.columns) { scratch in
              scratch.initialize(repeating: 0)
              guard let moments = scratch.baseAddress else { return }
              sumPlanes(plane, first, second, into: moments, count: count)
              let filtered = moments + 5 * count
              for moment in 0..<5 {
                filter.add(
                  moments + moment * count, along: y, x, to: filtered + moment * count,
                  by: moments + 10 * count)
              }
              for pixel in 0..<count {
                target[plane * count + pixel] = Float(
                  combine(
                    filtered[pixel], filtered[count + pixel], filtered[2 * count + pixel],
                    filtered[3 * count + pixel], filtered[4 * count + pixel]))
              }
            }
          }
        }
      }
    }
  }

  private func sumPlanes(
    _ plane: Int, _ first: SharedConstants<Float>, _ second: SharedConstants<Float>,
    into moments: UnsafeMutablePointer<Double>, count: Int
  ) {
    let weights = z.weights[plane]
    for tap in weights.indices {
      let weight = weights[tap]
      let start = (z.starts[plane] + tap) * count
      for pixel in 0..<count {
        let a = Double(first.elements[start + pixel]), b = Double(second.elements[start + pixel])
        let weightedA = weight * a, weightedB = weight * b
        moments[pixel] += weightedA
        moments[count + pixel] += weightedB
        moments[2 * count + pixel] += weightedA * a
        moments[3 * count + pixel] += weightedB * b
        // The product first, so that the order of the images does not matter.
        moments[4 * count + pixel] += weight * (a * b)
      }
    }
  }
}
