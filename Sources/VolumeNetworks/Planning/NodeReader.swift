/// A node with its operands, and how its parameters are read; what is wrong with them names the node.
struct NodeReader {
  let node: ONNXNode
  let path: String
  /// The operands by position; `nil` for one that is left out.
  let operands: [PlannedValue?]

  /// Larger numbers are no sizes of anything.
  private static let sizes = -(1 << 31)...(1 << 31)
  /// Those that stand for the end of an axis.
  private static let ends = [Int.min, -Int.max, Int.max]

  func refused(_ reason: String) -> NetworkError { .badNode(path: path, node: node.title, reason: reason) }

  // MARK: - Attributes

  func ints(_ name: String, default values: [Int]? = nil) throws(NetworkError) -> [Int]? {
    switch node.attributes[name] {
    case nil: return values
    case .ints(let values):
      guard values.allSatisfy({ Self.sizes.contains($0) || Self.ends.contains($0) }) else {
        throw refused("has numbers beyond all sizes in \(name)")
      }
      return values
    default: throw refused("has no list of whole numbers in \(name)")
    }
  }

  func int(_ name: String, default value: Int) throws(NetworkError) -> Int {
    switch node.attributes[name] {
    case nil: return value
    case .int(let value) where Self.sizes.contains(value): return value
    default: throw refused("has no whole number in \(name)")
    }
  }

  func float(_ name: String, default value: Float) throws(NetworkError) -> Float {
    switch node.attributes[name] {
    case nil: return value
    case .float(let value) where value.isFinite: return value
    default: throw refused("has no number in \(name)")
    }
  }

  func text(_ name: String, default value: String) throws(NetworkError) -> String {
    switch node.attributes[name] {
    case nil: return value
    case .text(let value): return value
    default: throw refused("has no text in \(name)")
    }
  }

  /// A list of positive numbers, one for each axis of a volume.
  func perAxis(_ name: String, default value: Int) throws(NetworkError) -> [Int] {
    let values = try ints(name) ?? [value, value, value]
    guard values.count == 3, values.allSatisfy({ $0 > 0 && $0 <= 1 << 16 }) else {
      throw refused("has \(values) in \(name), where three positive numbers are needed")
    }
    return values
  }

  // MARK: - Operands

  func operand(_ index: Int) throws(NetworkError) -> PlannedValue {
    guard index < operands.count, let operand = operands[index] else {
      throw refused("lacks operand \(index + 1)")
    }
    return operand
  }

  func optional(_ index: Int) -> PlannedValue? { index < operands.count ? operands[index] : nil }

  /// An array that the network computes.
  func feature(_ index: Int) throws(NetworkError) -> (slot: Int, layout: FeatureLayout) {
    guard case .feature(let slot, let layout) = try operand(index) else {
      throw refused("has a constant as operand \(index + 1), where a volume is needed")
    }
    return (slot, layout)
  }

  /// A volume that the network computes.
  func volume(_ index: Int) throws(NetworkError) -> (slot: Int, layout: FeatureLayout) {
    let (slot, layout) = try feature(index)
    guard layout.isVolume else {
      throw refused("takes an array of shape \(layout.shape), where [1, channels, z, y, x] is needed")
    }
    return (slot, layout)
  }

  func constant(_ index: Int) throws(NetworkError) -> ONNXTensor {
    guard case .constant(let tensor) = try operand(index) else {
      throw refused("has a computed operand \(index + 1), where a constant is needed")
    }
    return tensor
  }

  func floats(_ index: Int) throws(NetworkError) -> ONNXTensor {
    let tensor = try constant(index)
    guard case .floats = tensor.values else {
      throw refused("has whole numbers as operand \(index + 1), where numbers of single precision are needed")
    }
    return tensor
  }

  /// The elements of a list of numbers, one for each of `count`.
  func floats(_ index: Int, count: Int) throws(NetworkError) -> [Float] {
    let tensor = try floats(index)
    guard case .floats(let values) = tensor.values, values.count == count else {
      throw refused("has \(tensor.count) numbers as operand \(index + 1), where \(count) are needed")
    }
    return values
  }

  func integers(_ index: Int) throws(NetworkError) -> [Int] {
    guard case .integers(let values) = try constant(index).values else {
      throw refused("has other than whole numbers as operand \(index + 1)")
    }
    guard values.allSatisfy({ Self.sizes.contains($0) || Self.ends.contains($0) }) else {
      throw refused("has numbers beyond all sizes as operand \(index + 1)")
    }
    return values
  }

  /// An axis of an array, which may be counted from its end.
  func axis(_ axis: Int, of rank: Int) throws(NetworkError) -> Int {
    guard axis >= -rank, axis < rank else { throw refused("names axis \(axis) of \(rank)") }
    return axis < 0 ? axis + rank : axis
  }

  /// Different axes of an array.
  func axes(_ axes: [Int], of rank: Int) throws(NetworkError) -> [Int] {
    var result: [Int] = []
    for value in axes { result.append(try axis(value, of: rank)) }
    guard Set(result).count == result.count else { throw refused("names an axis twice: \(axes)") }
    return result
  }
}

/// What is known of a value before anything runs.
enum PlannedValue {
  /// The same whatever the network is given.
  case constant(ONNXTensor)
  /// What a step computes.
  case feature(slot: Int, FeatureLayout)

  var shape: [Int] {
    switch self {
    case .constant(let tensor): tensor.shape
    case .feature(_, let layout): layout.shape
    }
  }
}
