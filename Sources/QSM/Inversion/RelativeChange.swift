import NDArrays

extension NDArray<Float> {
  /// Replaces the elements by others, plus further ones, and returns the norm of the change over that of the result.
  mutating func replace(by first: NDArray<Float>, plus second: NDArray<Float>? = nil) -> Double {
    let blocks = shape[0], length = count / shape[0]
    var sums = NDArray<Double>(repeating: 0, shape: [blocks, 2])
    let other = second ?? first
    withUnsafeMutableBufferPointer { values in
      first.withUnsafeBufferPointer { first in
        // Where there is nothing to add, what is added is multiplied with zero.
        other.withUnsafeBufferPointer { added in
          sums.withUnsafeMutableBufferPointer { sums in
            let (values, sums) = (SharedBuffer(values), SharedBuffer(sums))
            let (first, added) = (SharedConstants(first), SharedConstants(added))
            let factor: Float = second == nil ? 0 : 1
            Parallelism.forEach(blocks) { block in
              let range = block * length..<(block + 1) * length
              (sums[2 * block], sums[2 * block + 1]) = squares(
                values[range], first[range], added[range], factor)
            }
          }
        }
      }
    }
    let totals = sums.withUnsafeBufferPointer { sums in
      (0..<blocks).reduce(into: (0.0, 0.0)) {
        $0.0 += sums[2 * $1]
        $0.1 += sums[2 * $1 + 1]
      }
    }
    return totals.1 > 0 ? (totals.0 / totals.1).squareRoot() : 0
  }
}

/// Replaces values by `first + factor * added`; the summed squares of the change and of the result.
private func squares(
  _ values: UnsafeMutableBufferPointer<Float>, _ first: UnsafeBufferPointer<Float>,
  _ added: UnsafeBufferPointer<Float>, _ factor: Float
) -> (Double, Double) {
  var totals = (0.0, 0.0)
  let (target, source, other) = (
    UnsafeMutableRawPointer(values.baseAddress), UnsafeRawPointer(first.baseAddress),
    UnsafeRawPointer(added.baseAddress)
  )
  guard let target, let source, let other else { return totals }
  let size = MemoryLayout<Float>.stride
  // A few thousand squares of floats add up to seven digits; their sums are added in double precision.
  for start in stride(from: 0, to: values.count, by: 4096) {
    let end = min(start + 4096, values.count)
    var change = SIMD8<Float>.zero, norm = SIMD8<Float>.zero
    var index = start
    while index + 8 <= end {
      let offset = index * size
      let sum =
        source.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
        + factor * other.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
      let step = sum - target.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
      target.storeBytes(of: sum, toByteOffset: offset, as: SIMD8<Float>.self)
      change += step * step
      norm += sum * sum
      index += 8
    }
    while index < end {
      let sum = first[index] + factor * added[index]
      change[0] += (sum - values[index]) * (sum - values[index])
      norm[0] += sum * sum
      values[index] = sum
      index += 1
    }
    totals.0 += Double(change.sum())
    totals.1 += Double(norm.sum())
  }
  return totals
}
