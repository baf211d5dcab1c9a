import NDArrays

extension NDArray<Float> {
  /// Where a field without wraps is zero by measurement, rather than because nobody knew it; axes `[z, y, x]`.
  ///
  /// Tools write zero where they know no field. A field in whole numbers, or one that was rounded, is also zero wherever
  /// it is less than half a step, which may be most of a brain. Such zeros lie beside values of one step, or, where the
  /// field is steep, are a thin layer with about as many voxels as the steps next to it. Holes are neither: they lie
  /// beside whatever the field is there, or have an inside.
  func measuredZeros(within mask: NDArray<Bool>) -> NDArray<Bool> {
    precondition(shape == mask.shape, "a field of shape \(shape) and a mask of \(mask.shape)")
    let (height, width) = (shape[1], shape[2]), slice = width * height
    let values = elements, inside = mask.elements
    var isMeasured = [Bool](repeating: false, count: values.count)
    let zeros = NDArray<Bool>(values.indices.map { inside[$0] && values[$0] == 0 }, shape: shape)
    let steps = FieldSteps(values.indices.lazy.filter { inside[$0] }.map { values[$0] })
    guard steps.areSteps, steps.zeros > 0 else { return NDArray<Bool>(isMeasured, shape: shape) }
    let parts = ConnectedParts(zeros), labels = parts.labels.elements
    var contacts = [Int](repeating: 0, count: parts.sizes.count + 1), near = contacts
    var hasInside = [Bool](repeating: false, count: contacts.count)
    for index in labels.indices where labels[index] > 0 {
      let label = Int(labels[index]), (x, y) = (index % width, index / width % height)
      var isEnclosed = true
      for (exists, other) in [
        (x > 0, index - 1), (x + 1 < width, index + 1), (y > 0, index - width),
        (y + 1 < height, index + width),
        (index >= slice, index - slice), (index + slice < values.count, index + slice),
      ] where exists && inside[other] && values[other].isFinite && values[other] != 0 {
        isEnclosed = false
        contacts[label] += 1
        if values[other] == steps.above || values[other] == steps.below { near[label] += 1 }
      }
      if isEnclosed { hasInside[label] = true }
    }
    for index in labels.indices where labels[index] > 0 {
      let label = Int(labels[index])
      isMeasured[index] =
        2 * near[label] > contacts[label] || steps.zerosAreUsual && !hasInside[label]
    }
    return NDArray<Bool>(isMeasured, shape: shape)
  }
}

/// The values next to zero that a field takes, and how often.
private struct FieldSteps {
  /// The least value above zero, and the largest below.
  private(set) var above = Float.infinity, below = -Float.infinity
  /// How many values are zero.
  private(set) var zeros = 0
  private var aboveCount = 0, belowCount = 0

  init(_ values: some Sequence<Float>) {
    for value in values where value.isFinite {
      if value == 0 {
        zeros += 1
      } else if value > 0, value <= above {
        (above, aboveCount) = (value, value == above ? aboveCount + 1 : 1)
      } else if value < 0, value >= below {
        (below, belowCount) = (value, value == below ? belowCount + 1 : 1)
      }
    }
  }

  /// Whether the field takes the same values again and again: measured numbers hardly do so even twice.
  var areSteps: Bool { max(aboveCount, belowCount) >= 3 }
  /// Whether zeros are about as many as the values next to them.
  var zerosAreUsual: Bool { zeros <= 3 * max(aboveCount, belowCount) }
}
