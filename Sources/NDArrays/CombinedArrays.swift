extension NDArray {
  /// An array whose elements are computed from those of two arrays of the same shape.
  @inlinable
  public func combined<Other, Result>(
    with other: NDArray<Other>, _ value: (Element, Other) -> Result
  ) -> NDArray<Result> {
    precondition(shape == other.shape, "shapes \(shape) and \(other.shape) differ")
    return NDArray<Result>(uninitializedShape: shape) { target in
      withUnsafeBufferPointer { first in
        other.withUnsafeBufferPointer { second in
          for index in target.indices { target[index] = value(first[index], second[index]) }
        }
      }
    }
  }
}

extension NDArray<Float> {
  /// Makes zero what lies outside a mask.
  public mutating func keepOnly(_ mask: NDArray<Bool>) {
    precondition(shape == mask.shape, "a mask of shape \(mask.shape) for values of shape \(shape)")
    withUnsafeMutableBufferPointer { values in
      mask.withUnsafeBufferPointer { mask in
        for index in values.indices { values[index] = mask[index] ? values[index] : 0 }
      }
    }
  }
}
