import CConvolution
import NDArrays

/// Turns a graph into steps on arrays of known shapes; everything that can be wrong with it shows here.
///
/// Values that follow from constants and shapes alone are computed at once. Batch normalisations and rectifiers that
/// follow a convolution become part of it.
final class NetworkPlanner {
  let model: ONNXModel
  let path: convolution_path
  let memoryLimit: Int
  var plan = NetworkPlan()
  var values: [String: PlannedValue] = [:]
  private var users: [String: [Int]] = [:]
  private var merged: Set<Int> = []
  private(set) var constantElements = 0

  /// Larger extents are those of no volume, and larger constants those of no network beyond its file.
  private static let largestExtent = 1 << 16
  private static let largestConstant = 1 << 24

  init(_ model: ONNXModel, path: convolution_path, memoryLimit: Int) {
    self.model = model
    self.path = path
    self.memoryLimit = memoryLimit
  }

  /// The plan for arrays of some shapes.
  func planned(for shapes: [String: [Int]]) throws(NetworkError) -> NetworkPlan {
    let graph = model.graph
    for (index, node) in graph.nodes.enumerated() {
      for name in node.inputs where !name.isEmpty { users[name, default: []].append(index) }
    }
    for output in graph.outputs { users[output.name, default: []].append(-1) }
    for (name, tensor) in graph.constants { values[name] = .constant(tensor) }
    for input in graph.inputs where graph.constants[input.name] == nil {
      guard let shape = shapes[input.name] else {
        throw .badInput(path: model.path, input: input.name, reason: "is missing")
      }
      try check(shape, of: input)
      let slot = plan.layouts.count
      plan.layouts.append(FeatureLayout(shape: shape))
      plan.inputs.append((input.name, slot))
      values[input.name] = .feature(slot: slot, plan.layouts[slot])
    }
    for (index, node) in graph.nodes.enumerated() where !merged.contains(index) {
      try add(node)
    }
    for output in graph.outputs {
      guard let value = values[output.name] else {
        throw .notONNX(path: model.path, reason: "no node makes the output \(output.name.shown)")
      }
      plan.outputs.append((output.name, try slot(of: value, for: output.name)))
    }
    guard !plan.outputs.isEmpty else {
      throw .notONNX(path: model.path, reason: "the graph has no outputs")
    }
    let memory = plan.memory
    guard memory <= memoryLimit else {
      throw .tooLarge(path: model.path, neededBytes: memory, allowedBytes: memoryLimit)
    }
    return plan
  }

  /// Refuses a shape that an input cannot have.
  private func check(_ shape: [Int], of input: ONNXValue) throws(NetworkError) {
    guard input.isFloat else {
      throw .badInput(
        path: model.path, input: input.name, reason: "takes other than numbers of single precision")
    }
    let declared = input.shape ?? shape.map { _ in nil }
    let fits = declared.count == shape.count && zip(declared, shape).allSatisfy { $0 == nil || $0 == $1 }
    guard fits, shape.allSatisfy({ $0 > 0 && $0 <= Self.largestExtent }) else {
      let wanted = declared.map { $0.map { "\($0)" } ?? "any" }.joined(separator: " x ")
      throw .badInput(
        path: model.path, input: input.name,
        reason:
          "has the extents \(wanted) in the file, and \(shape.map { "\($0)" }.joined(separator: " x ")) were given"
      )
    }
    _ = try layout(shape, for: "input \(input.name)")
  }

  // MARK: - Nodes

  private func add(_ node: ONNXNode) throws(NetworkError) {
    func refused(_ reason: String) -> NetworkError {
      .badNode(path: model.path, node: node.title, reason: reason)
    }
    guard node.domain.isEmpty || node.domain == "ai.onnx" else {
      throw refused("is an operator of \(node.domain.shown), not one of ONNX")
    }
    var operands: [PlannedValue?] = []
    for name in node.inputs {
      if name.isEmpty {
        operands.append(nil)
      } else if let value = values[name] {
        operands.append(value)
      } else {
        throw refused(
          "takes \(name.shown), which no node before it makes: the graph is incomplete, or runs in a circle")
      }
    }
    let reader = NodeReader(node: node, path: model.path, operands: operands)
    if let constants = try constant(reader) {
      guard constants.count >= node.outputs.count else { throw reader.refused("has too many results") }
      for (name, tensor) in zip(node.outputs, constants) { try define(name, .constant(tensor), by: node) }
    } else {
      try addFeature(reader)
    }
  }

  /// Gives a value its name.
  func define(_ name: String, _ value: PlannedValue, by node: ONNXNode) throws(NetworkError) {
    if case .constant(let tensor) = value {
      // What shapes and constants make may be large once or twice, and not again and again.
      constantElements += tensor.count
      guard
        tensor.count <= Self.largestConstant
          || model.graph.constants.values.contains(where: { $0.count >= tensor.count }),
        constantElements <= 64 * Self.largestConstant
      else {
        throw .badNode(
          path: model.path, node: node.title, reason: "makes a constant of \(tensor.count) numbers")
      }
    }
    guard !name.isEmpty else { return }
    guard values.updateValue(value, forKey: name) == nil else {
      throw .badNode(
        path: model.path, node: node.title, reason: "makes \(name.shown), which is there already")
    }
  }

  /// The only node that takes a value, if nobody else does; it is then done as part of the node that makes the value.
  func onlyUser(of name: String, among kinds: Set<String>) -> (index: Int, node: ONNXNode)? {
    guard let users = users[name], users.count == 1, users[0] >= 0 else { return nil }
    let node = model.graph.nodes[users[0]]
    guard kinds.contains(node.kind), node.domain.isEmpty || node.domain == "ai.onnx",
      node.inputs.first == name, node.outputs.count == 1
    else { return nil }
    return (users[0], node)
  }

  func merge(_ index: Int) { merged.insert(index) }

  // MARK: - Steps

  /// The layout of a shape.
  func layout(_ shape: [Int], for place: String) throws(NetworkError) -> FeatureLayout {
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent > 0, extent <= Self.largestExtent, !overflow, product <= 1 << 40 else {
        throw .badNode(path: model.path, node: place, reason: "has the shape \(shape)")
      }
      count = product
    }
    let layout = FeatureLayout(shape: shape)
    guard shape.count <= 8 else {
      throw .badNode(path: model.path, node: place, reason: "has \(shape.count) axes")
    }
    let bytes = layout.isBlocked ? layout.blockedBytes : 4 * layout.count
    guard bytes <= memoryLimit else {
      throw .tooLarge(path: model.path, neededBytes: bytes, allowedBytes: memoryLimit)
    }
    return layout
  }

  /// Adds a step; its result.
  func step(_ operation: any FeatureOperator, _ operands: [Int], to layout: FeatureLayout) -> PlannedValue {
    let slot = plan.layouts.count
    plan.layouts.append(layout)
    plan.steps.append(NetworkPlan.Step(operation: operation, operands: operands, result: slot))
    return .feature(slot: slot, layout)
  }

  /// The slot of a value, which constants get here.
  func slot(of value: PlannedValue, shape: [Int]? = nil, for place: String) throws(NetworkError) -> Int {
    switch value {
    case .feature(let slot, _): return slot
    case .constant(let tensor):
      guard case .floats(let values) = tensor.values else {
        throw .badNode(path: model.path, node: place, reason: "takes whole numbers where a volume is needed")
      }
      let layout = try layout(shape ?? tensor.shape, for: place)
      let array = NDArray(values, shape: layout.shape)
      guard case .feature(let slot, _) = step(ConstantArray(array: array), [], to: layout) else { return 0 }
      return slot
    }
  }
}

/// An array that is always the same.
struct ConstantArray: FeatureOperator {
  let array: NDArray<Float>

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap { FeatureMap(array, shape: array.shape) }
}
