import NDArrays

extension NDArray {
  /// An array whose elements are computed from those of two arrays of the same shape.
  func combined<Other, Result>(
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
