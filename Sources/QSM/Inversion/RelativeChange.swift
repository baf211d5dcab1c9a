import NDArrays

extension NDArray<Float> {
  /// Replaces the volume by another, and returns the norm of the change over that of the result.
  mutating func replace(by other: NDArray<Float>) -> Double {
    let plane = shape[1] * shape[2]
    return replacePlanes { replace in
      other.withUnsafeBufferPointer { other in
        let other = SharedConstants(other)
        Parallelism.forEach(other.elements.count / plane) { z in
          guard let start = other.elements.baseAddress else { return }
          replace(z, start + z * plane)
        }
      }
    }
  }

  /// Replaces the planes of a volume, on any threads, and returns the norm of the change over that of the result.
  ///
  /// - Parameters:
  ///   - constant: What is added to the planes, if anything.
  ///   - supply: Calls the closure that it is given once for every `z` with the plane that comes there.
  mutating func replacePlanes(
    adding constant: NDArray<Float>? = nil,
    from supply: (_ replace: @Sendable (_ z: Int, _ plane: UnsafePointer<Float>) -> Void) -> Void
  ) -> Double {
    let (planes, length) = (shape[0], shape[1] * shape[2])
    var sums = NDArray<Double>(repeating: 0, shape: [planes, 2])
    func replacePlanes(of values: SharedBuffer<Float>, adding constant: SharedConstants<Float>?) {
      sums.withUnsafeMutableBufferPointer { sums in
        let sums = SharedBuffer(sums)
        supply { z, plane in
          let range = z * length..<(z + 1) * length
          let plane = UnsafeBufferPointer(start: plane, count: length)
          // Where there is nothing to add, what is added is multiplied with zero.
          (sums[2 * z], sums[2 * z + 1]) = squares(
            values[range], plane, constant?[range] ?? plane, constant == nil ? 0 : 1)
        }
      }
    }
    withUnsafeMutableBufferPointer { values in
      if let constant {
        constant.withUnsafeBufferPointer {
          replacePlanes(of: SharedBuffer(values), adding: SharedConstants($0))
        }
      } else {
        replacePlanes(of: SharedBuffer(values), adding: nil)
      }
    }
    let totals = sums.withUnsafeBufferPointer { sums in
      (0..<planes).reduce(into: (0.0, 0.0)) {
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
