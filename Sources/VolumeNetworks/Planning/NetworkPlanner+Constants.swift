import Foundation

extension NetworkPlanner {
  /// The results of a node that follow from constants and shapes alone; `nil` for one that has to be run.
  func constant(_ reader: NodeReader) throws(NetworkError) -> [ONNXTensor]? {
    let node = reader.node
    switch node.kind {
    case "Constant": return [try constantValue(reader)]
    case "Shape":
      let shape = try reader.operand(0).shape
      func place(_ name: String, _ value: Int) throws(NetworkError) -> Int {
        let index = try reader.int(name, default: value)
        return min(max(index < 0 ? index + shape.count : index, 0), shape.count)
      }
      let first = try place("start", 0), end = try place("end", shape.count)
      let part = Array(shape[first..<max(first, end)])
      return [ONNXTensor(part, shape: [part.count])]
    case "Size":
      return [ONNXTensor([try reader.operand(0).shape.reduce(1, *)], shape: [])]
    default: break
    }
    var tensors: [ONNXTensor] = []
    for operand in reader.operands {
      guard let operand else { continue }
      guard case .constant(let tensor) = operand else { return nil }
      tensors.append(tensor)
    }
    guard !tensors.isEmpty else { throw reader.refused("has no operands") }
    return try ConstantNode(reader: reader, tensors: tensors).results()
  }

  private func constantValue(_ reader: NodeReader) throws(NetworkError) -> ONNXTensor {
    for (name, attribute) in reader.node.attributes {
      switch (name, attribute) {
      case ("value", .tensor(let tensor)): return tensor
      case ("value_float", .float(let value)): return ONNXTensor([value], shape: [])
      case ("value_int", .int(let value)): return ONNXTensor([value], shape: [])
      case ("value_floats", .floats(let values)): return ONNXTensor(values, shape: [values.count])
      case ("value_ints", .ints(let values)): return ONNXTensor(values, shape: [values.count])
      default: continue
      }
    }
    throw reader.refused("holds no numbers")
  }
}

/// A node whose operands are all known.
struct ConstantNode {
  let reader: NodeReader
  let tensors: [ONNXTensor]

  /// More elements are no arithmetic of shapes.
  private static let largest = 1 << 24

  func results() throws(NetworkError) -> [ONNXTensor]? {
    let first = tensors[0]
    switch reader.node.kind {
    case "Identity", "Dropout": return [first]
    case "Cast": return [try cast(first)]
    case "Neg": return [first.map({ -$0 }, { 0 &- $0 })]
    case "Abs": return [first.map({ abs($0) }, { $0 == .min ? .max : abs($0) })]
    case "Floor": return [first.map({ $0.rounded(.down) }, { $0 })]
    case "Ceil": return [first.map({ $0.rounded(.up) }, { $0 })]
    case "Round": return [first.map({ $0.rounded(.toNearestOrEven) }, { $0 })]
    case "Sqrt": return [first.map({ $0.squareRoot() }, { $0 })]
    case "Exp": return [first.map({ Foundation.exp($0) }, { $0 })]
    case "Not": return [first.map({ $0 }, { $0 == 0 ? 1 : 0 })]
    case "Add": return [try combined({ $0 + $1 }, { $0 &+ $1 })]
    case "Sub": return [try combined({ $0 - $1 }, { $0 &- $1 })]
    case "Mul": return [try combined({ $0 * $1 }, { $0 &* $1 })]
    case "Div": return [try combined({ $0 / $1 }, { $1 == 0 || $1 == -1 ? 0 &- $0 : $0 / $1 })]
    case "Mod":
      return [
        try combined(
          { $0.truncatingRemainder(dividingBy: $1) }, { $1 == 0 || $1 == -1 ? 0 : ($0 % $1 &+ $1) % $1 })
      ]
    case "Min": return [try combined({ min($0, $1) }, { min($0, $1) })]
    case "Max": return [try combined({ max($0, $1) }, { max($0, $1) })]
    case "Pow": return [try combined({ Foundation.pow($0, $1) }, nil)]
    case "Equal": return [try combined({ $0 == $1 ? 1 : 0 }, { $0 == $1 ? 1 : 0 }).integral]
    case "Greater": return [try combined({ $0 > $1 ? 1 : 0 }, { $0 > $1 ? 1 : 0 }).integral]
    case "Less": return [try combined({ $0 < $1 ? 1 : 0 }, { $0 < $1 ? 1 : 0 }).integral]
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
      return [ONNXTensor(first.values, shape: try reader.reshaped(first.shape))]
    case "Transpose":
      let order = try reader.order(of: first.shape.count)
      let shape = order.map { first.shape[$0] }, steps = first.shape.strides
      return [
        first.selected(shape: shape) { index in zip(index, order).reduce(0) { $0 + $1.0 * steps[$1.1] } }
      ]
    case "Gather": return [try gather(first)]
    case "Slice": return [try slice(first)]
    case "Concat": return [try concat()]
    case "Expand": return [try expand(first, to: try reader.integers(1))]
    case "ConstantOfShape": return [try constantOfShape()]
    case "Range": return [try range()]
    case "Where": return [try choose()]
    case "ReduceProd": return [try reduceProduct(first)]
    default: return nil
    }
  }

  private func count(_ shape: [Int]) throws(NetworkError) -> Int {
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow, product <= Self.largest else {
        throw reader.refused("makes a constant of the shape \(shape)")
      }
      count = product
    }
    return count
  }

  private func cast(_ tensor: ONNXTensor) throws(NetworkError) -> ONNXTensor {
    let type = try reader.int("to", default: 1)
    switch (type, tensor.values) {
    case (1, .integers(let values)), (10, .integers(let values)), (11, .integers(let values)):
      return ONNXTensor(values.map { Float($0) }, shape: tensor.shape)
    case (9, .floats(let values)): return ONNXTensor(values.map { $0 == 0 ? 0 : 1 }, shape: tensor.shape)
    case (9, .integers(let values)): return ONNXTensor(values.map { $0 == 0 ? 0 : 1 }, shape: tensor.shape)
    case (2...7, .floats(let values)), (12...13, .floats(let values)):
      return ONNXTensor(values.map { Int(exactly: $0.rounded(.towardZero)) ?? 0 }, shape: tensor.shape)
    default: return tensor
    }
  }

  /// Two arrays, each repeated along the axes that it lacks.
  private func combined(
    _ floats: (Float, Float) -> Float, _ integers: ((Int, Int) -> Int)?
  ) throws(NetworkError) -> ONNXTensor {
    guard tensors.count == 2 else { throw reader.refused("has \(tensors.count) operands") }
    let shape = try broadcast(tensors[0].shape, tensors[1].shape)
    let first = try expand(tensors[0], to: shape), second = try expand(tensors[1], to: shape)
    switch (first.values, second.values) {
    case (.floats(let a), .floats(let b)):
      return ONNXTensor(zip(a, b).map(floats), shape: shape)
    case (.integers(let a), .integers(let b)):
      guard let integers else { break }
      return ONNXTensor(zip(a, b).map(integers), shape: shape)
    default: break
    }
    throw reader.refused("combines numbers of different types")
  }

  private func broadcast(_ first: [Int], _ second: [Int]) throws(NetworkError) -> [Int] {
    let rank = max(first.count, second.count)
    let a = Array(repeating: 1, count: rank - first.count) + first
    let b = Array(repeating: 1, count: rank - second.count) + second
    var shape: [Int] = []
    for (one, other) in zip(a, b) {
      guard one == other || one == 1 || other == 1 else {
        throw reader.refused("combines the shapes \(first) and \(second)")
      }
      shape.append(one == 1 ? other : one)
    }
    return shape
  }

  private func expand(_ tensor: ONNXTensor, to wanted: [Int]) throws(NetworkError) -> ONNXTensor {
    let shape = try broadcast(tensor.shape, wanted)
    guard shape != tensor.shape else { return tensor }
    guard shape.count <= 16 else { throw reader.refused("makes a constant of \(shape.count) axes") }
    _ = try count(shape)
    let lead = shape.count - tensor.shape.count, strides = tensor.shape.strides
    return tensor.selected(shape: shape) { index in
      tensor.shape.indices.reduce(0) { $0 + (tensor.shape[$1] == 1 ? 0 : index[lead + $1] * strides[$1]) }
    }
  }

  private func gather(_ tensor: ONNXTensor) throws(NetworkError) -> ONNXTensor {
    let axis = try reader.axis(try reader.int("axis", default: 0), of: tensor.shape.count)
    let places = try reader.integers(1), shape = try reader.constant(1).shape, extent = tensor.shape[axis]
    guard places.allSatisfy({ $0 >= -extent && $0 < extent }) else {
      throw reader.refused("takes \(places) of \(extent)")
    }
    let result = Array(tensor.shape[..<axis]) + shape + tensor.shape[(axis + 1)...]
    _ = try count(result)
    let strides = tensor.shape.strides, inner = shape.strides
    return tensor.selected(shape: result) { index in
      var offset = 0
      for before in 0..<axis { offset += index[before] * strides[before] }
      var place = 0
      for (position, stride) in inner.enumerated() { place += index[axis + position] * stride }
      offset += (places[place] < 0 ? places[place] + extent : places[place]) * strides[axis]
      for after in (axis + 1)..<max(axis + 1, tensor.shape.count) {
        offset += index[after - 1 + shape.count] * strides[after]
      }
      return offset
    }
  }

  private func slice(_ tensor: ONNXTensor) throws(NetworkError) -> ONNXTensor {
    let ranges = try SliceRanges(reader, rank: tensor.shape.count)
    var indices = tensor.shape.map { Array(0..<$0) }
    for (position, axis) in ranges.axes.enumerated() {
      indices[axis] = ranges.indices(position, extent: tensor.shape[axis])
    }
    let strides = tensor.shape.strides
    return tensor.selected(shape: indices.map(\.count)) { index in
      index.indices.reduce(0) { $0 + indices[$1][index[$1]] * strides[$1] }
    }
  }

  private func concat() throws(NetworkError) -> ONNXTensor {
    let first = tensors[0], axis = try reader.axis(try reader.int("axis", default: 0), of: first.shape.count)
    var shape = first.shape, floats: [[Float]] = [], integers: [[Int]] = []
    shape[axis] = 0
    for tensor in tensors {
      guard tensor.shape.count == shape.count,
        shape.indices.allSatisfy({ $0 == axis || tensor.shape[$0] == shape[$0] })
      else { throw reader.refused("joins the shapes \(tensors.map(\.shape))") }
      shape[axis] += tensor.shape[axis]
      switch tensor.values {
      case .floats(let values): floats.append(values)
      case .integers(let values): integers.append(values)
      }
    }
    _ = try count(shape)
    let outer = shape[..<axis].reduce(1, *), inner = shape[(axis + 1)...].reduce(1, *)
    func joined<Element>(_ parts: [[Element]]) -> [Element] {
      (0..<outer).flatMap { row in
        zip(parts, tensors).flatMap { values, tensor in
          let length = tensor.shape[axis] * inner
          return values[row * length..<(row + 1) * length]
        }
      }
    }
    guard floats.isEmpty || integers.isEmpty else { throw reader.refused("joins numbers of different types") }
    return floats.isEmpty
      ? ONNXTensor(joined(integers), shape: shape) : ONNXTensor(joined(floats), shape: shape)
  }

  private func constantOfShape() throws(NetworkError) -> ONNXTensor {
    let shape = try reader.integers(0), count = try count(shape)
    guard shape.count <= 16 else { throw reader.refused("makes a constant of \(shape.count) axes") }
    guard case .tensor(let value)? = reader.node.attributes["value"] else {
      return ONNXTensor(Array(repeating: Float(0), count: count), shape: shape)
    }
    guard value.count == 1 else { throw reader.refused("has \(value.count) values") }
    switch value.values {
    case .floats(let values): return ONNXTensor(Array(repeating: values[0], count: count), shape: shape)
    case .integers(let values): return ONNXTensor(Array(repeating: values[0], count: count), shape: shape)
    }
  }

  private func range() throws(NetworkError) -> ONNXTensor {
    let limits = try [reader.integers(0), reader.integers(1), reader.integers(2)]
    guard limits.allSatisfy({ $0.count == 1 }), limits[2][0] != 0,
      limits.allSatisfy({ (-Self.largest...Self.largest).contains($0[0]) })
    else { throw reader.refused("counts by \(limits)") }
    let values = Array(stride(from: limits[0][0], to: limits[1][0], by: limits[2][0]))
    return ONNXTensor(values, shape: [values.count])
  }

  private func choose() throws(NetworkError) -> ONNXTensor {
    guard tensors.count == 3 else { throw reader.refused("has \(tensors.count) operands") }
    let shape = try broadcast(broadcast(tensors[0].shape, tensors[1].shape), tensors[2].shape)
    var parts: [ONNXTensor] = []
    for tensor in tensors { parts.append(try expand(tensor, to: shape)) }
    guard case .integers(let choices) = parts[0].values else {
      throw reader.refused("chooses by other than truth")
    }
    switch (parts[1].values, parts[2].values) {
    case (.floats(let a), .floats(let b)):
      return ONNXTensor(choices.indices.map { choices[$0] != 0 ? a[$0] : b[$0] }, shape: shape)
    case (.integers(let a), .integers(let b)):
      return ONNXTensor(choices.indices.map { choices[$0] != 0 ? a[$0] : b[$0] }, shape: shape)
    default: throw reader.refused("chooses between numbers of different types")
    }
  }

  private func reduceProduct(_ tensor: ONNXTensor) throws(NetworkError) -> ONNXTensor {
    guard tensor.shape.count <= 1, case .integers(let values) = tensor.values else {
      throw reader.refused("multiplies an array of shape \(tensor.shape)")
    }
    let keeps = try reader.int("keepdims", default: 1) != 0
    return ONNXTensor([values.reduce(1, &*)], shape: keeps ? tensor.shape.map { _ in 1 } : [])
  }
}

extension ONNXTensor {
  init(_ values: Values, shape: [Int]) {
    self.shape = shape
    self.values = values
  }

  fileprivate func map(_ floats: (Float) -> Float, _ integers: (Int) -> Int) -> ONNXTensor {
    switch values {
    case .floats(let values): ONNXTensor(values.map(floats), shape: shape)
    case .integers(let values): ONNXTensor(values.map(integers), shape: shape)
    }
  }

  /// The same numbers as whole ones.
  fileprivate var integral: ONNXTensor {
    guard case .floats(let values) = values else { return self }
    return ONNXTensor(values.map { Int($0) }, shape: shape)
  }

  /// The elements at the offsets that a closure tells for each index of the result.
  fileprivate func selected(shape: [Int], _ offset: ([Int]) -> Int) -> ONNXTensor {
    var index = Array(repeating: 0, count: shape.count)
    let offsets = (0..<shape.reduce(1, *)).map { _ in
      defer {
        for axis in shape.indices.reversed() {
          index[axis] += 1
          if index[axis] < shape[axis] { break }
          index[axis] = 0
        }
      }
      return offset(index)
    }
    switch values {
    case .floats(let values): return ONNXTensor(offsets.map { values[$0] }, shape: shape)
    case .integers(let values): return ONNXTensor(offsets.map { values[$0] }, shape: shape)
    }
  }
}
