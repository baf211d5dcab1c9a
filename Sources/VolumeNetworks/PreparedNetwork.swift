import NDArrays

/// A network that is ready for inputs of certain shapes, and runs as often as one likes.
public struct PreparedNetwork: Sendable {
  let plan: NetworkPlan

  /// The largest amount of memory that arrays take at one time, weights aside [bytes].
  public var memory: Int { plan.memory }

  /// The number of products of weights and values that convolutions sum.
  public var products: Double { plan.steps.reduce(0) { $0 + $1.operation.products } }

  /// The shapes of the results, by name.
  public var outputShapes: [String: [Int]] {
    Dictionary(plan.outputs.map { ($0.name, plan.layouts[$0.slot].shape) }) { first, _ in first }
  }

  /// Computes the results.
  ///
  /// - Parameter inputs: Arrays with the shapes that the network was prepared for, by name.
  /// - Precondition: All inputs are there, with those shapes.
  public func callAsFunction(_ inputs: [String: NDArray<Float>]) -> [String: NDArray<Float>] {
    var slots: [FeatureMap?] = Array(repeating: nil, count: plan.layouts.count)
    for (name, slot) in plan.inputs {
      guard let array = inputs[name], array.shape == plan.layouts[slot].shape else {
        preconditionFailure("input \(name) needs the shape \(plan.layouts[slot].shape)")
      }
      slots[slot] = FeatureMap(array, shape: array.shape)
    }
    let last = plan.lastUses
    for (index, step) in plan.steps.enumerated() {
      var operands = step.operands.compactMap { slots[$0] }
      // Arrays that nobody needs any more are the operator's own.
      for slot in step.operands where last[slot] <= index { slots[slot] = nil }
      let result = step.operation(&operands)
      if last[step.result] > index { slots[step.result] = result }
    }
    return Dictionary(
      plan.outputs.map { ($0.name, slots[$0.slot]?.array ?? NDArray(repeating: 0, shape: [0])) }
    ) {
      first, _ in first
    }
  }
}
