extension NDArray {
  /// The elements where a mask is true; all without one.
  @inlinable
  public func elements(within mask: NDArray<Bool>?) -> [Element] {
    guard let mask else { return elements }
    precondition(shape == mask.shape, "a mask of shape \(mask.shape) for elements of shape \(shape)")
    var chosen: [Element] = []
    withUnsafeBufferPointer { voxels in
      mask.withUnsafeBufferPointer { flags in
        chosen.reserveCapacity(flags.count(where: \.self))
        for index in flags.indices where flags[index] { chosen.append(voxels[index]) }
      }
    }
    return chosen
  }
}

extension NDArray<Float> {
  /// The finite elements, or those of a mask, in ascending order.
  public func sorted(within mask: NDArray<Bool>? = nil) -> [Float] {
    var values = elements(within: mask)
    values.removeAll { !$0.isFinite }
    values.sort()
    return values
  }

  /// The value below which a fraction of the finite elements lies, between two of them by a line; 0 if there are none.
  public func percentile(_ fraction: Double, within mask: NDArray<Bool>? = nil) -> Float {
    let values = sorted(within: mask)
    guard !values.isEmpty else { return 0 }
    let position = fraction * Double(values.count - 1), lower = Int(position)
    let upper = min(lower + 1, values.count - 1), rest = Float(position - Double(lower))
    return values[lower] + rest * (values[upper] - values[lower])
  }
}
