/// Which indices of which axes a `Slice` keeps.
struct SliceRanges {
  let axes: [Int]
  private let starts: [Int]
  private let ends: [Int]
  private let steps: [Int]

  init(_ reader: NodeReader, rank: Int) throws(NetworkError) {
    var starts = try reader.ints("starts") ?? [], ends = try reader.ints("ends") ?? []
    var axes = try reader.ints("axes")
    if reader.optional(1) != nil { starts = try reader.integers(1) }
    if reader.optional(2) != nil { ends = try reader.integers(2) }
    if reader.optional(3) != nil { axes = try reader.integers(3) }
    var steps = Array(repeating: 1, count: starts.count)
    if reader.optional(4) != nil { steps = try reader.integers(4) }
    self.axes = try reader.axes(axes ?? Array(starts.indices), of: rank)
    guard starts.count == ends.count, starts.count == self.axes.count, starts.count == steps.count,
      !steps.contains(0), steps.allSatisfy({ $0 > -.max })
    else { throw reader.refused("cuts from \(starts) to \(ends) along \(self.axes) in steps of \(steps)") }
    self.starts = starts
    self.ends = ends
    self.steps = steps
  }

  /// The indices that are kept of an axis.
  func indices(_ position: Int, extent: Int) -> [Int] {
    func clamped(_ value: Int, _ range: ClosedRange<Int>) -> Int {
      let index = value < 0 ? (value < -extent ? -1 : value + extent) : value
      return min(max(index, range.lowerBound), range.upperBound)
    }
    let step = steps[position]
    guard extent > 0 else { return [] }
    if step > 0 {
      let first = starts[position] < -extent ? 0 : clamped(starts[position], 0...extent)
      let end = ends[position] < -extent ? 0 : clamped(ends[position], 0...extent)
      return first < end ? Array(stride(from: first, to: end, by: min(step, extent))) : []
    }
    let first = clamped(starts[position], -1...(extent - 1)), end = clamped(ends[position], -1...extent)
    return first > end ? Array(stride(from: first, to: end, by: max(step, -extent))) : []
  }
}

extension NodeReader {
  /// The shape that `Reshape` and its kin give to an array of another shape.
  func reshaped(_ shape: [Int]) throws(NetworkError) -> [Int] {
    switch node.kind {
    case "Flatten":
      let axis = try int("axis", default: 1)
      guard axis >= -shape.count, axis <= shape.count else { throw refused("names axis \(axis)") }
      let place = axis < 0 ? axis + shape.count : axis
      return [shape[..<place].reduce(1, *), shape[place...].reduce(1, *)]
    case "Squeeze":
      var axes = try ints("axes") ?? shape.indices.filter { shape[$0] == 1 }
      if optional(1) != nil { axes = try integers(1) }
      axes = try self.axes(axes, of: shape.count)
      guard axes.allSatisfy({ shape[$0] == 1 }) else { throw refused("drops the axes \(axes) of \(shape)") }
      return shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    case "Unsqueeze":
      var axes = try ints("axes") ?? []
      if optional(1) != nil { axes = try integers(1) }
      let rank = shape.count + axes.count
      guard rank <= 16 else { throw refused("makes \(rank) axes") }
      axes = try self.axes(axes, of: rank)
      var rest = shape[...]
      return (0..<rank).map { axes.contains($0) ? 1 : rest.popFirst() ?? 1 }
    default:
      let wanted = try optional(1) == nil ? ints("shape") ?? [] : integers(1)
      let copiesZero = try int("allowzero", default: 0) == 0
      guard wanted.count <= 16, wanted.count(where: { $0 == -1 }) <= 1, wanted.allSatisfy({ $0 >= -1 }) else {
        throw refused("makes the shape \(wanted)")
      }
      var result: [Int] = [], known = 1
      for (axis, extent) in wanted.enumerated() {
        guard extent != 0 || !copiesZero || axis < shape.count else {
          throw refused("makes the shape \(wanted)")
        }
        result.append(extent == 0 && copiesZero ? shape[axis] : extent)
        guard result[axis] >= 0 else { continue }
        let (product, overflow) = known.multipliedReportingOverflow(by: result[axis])
        guard !overflow else { throw refused("makes the shape \(wanted)") }
        known = product
      }
      let count = shape.reduce(1, *)
      if let free = result.firstIndex(of: -1) {
        guard known > 0, count % known == 0 else {
          throw refused("sees an array of shape \(shape) as \(wanted)")
        }
        result[free] = count / known
      }
      guard result.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) == count else {
        throw refused("sees an array of shape \(shape) as \(wanted)")
      }
      return result
    }
  }

  /// The axes in the order that `Transpose` puts them.
  func order(of rank: Int) throws(NetworkError) -> [Int] {
    let order = try ints("perm") ?? Array((0..<rank).reversed())
    guard order.sorted() == Array(0..<rank) else { throw refused("orders \(rank) axes by \(order)") }
    return order
  }
}
