import CConvolution
import Foundation
import NDArrays

/// A network on volumes, read from an ONNX file, as those for susceptibility are published.
///
/// Convolutions of any kernel, stride and dilation and transposed ones, pools, normalisations, activations, arithmetic,
/// joining, cutting, padding and resampling of arrays `[1, channel, z, y, x]`; for inference, in single precision, on all
/// cores. The same numbers come out on any number of threads.
///
///     let network = try VolumeNetwork(contentsOf: "unet.onnx")
///     let unet = try network.prepared(for: ["input": [1, 1, 64, 256, 240]])
///     let result = unet(["input": field])["output"]
///
/// Everything that can be wrong with a network shows before anything is computed, with the name of the node or tensor.
public struct VolumeNetwork: Sendable {
  /// The file's content.
  public let model: ONNXModel
  /// The memory that arrays may take at one time [bytes].
  public var memoryLimit: Int

  let path: convolution_path

  /// Reads a network.
  ///
  /// - Throws: ``NetworkError`` if the file cannot be read or is damaged.
  public init(contentsOf path: String) throws(NetworkError) {
    self.init(try ONNXModel(contentsOf: path))
  }

  /// Takes a model.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - memoryLimit: The memory that arrays may take at one time [bytes]; the machine's unless given.
  public init(_ model: ONNXModel, memoryLimit: Int? = nil) {
    self.init(model, memoryLimit: memoryLimit, path: convolution_best_path())
  }

  init(_ model: ONNXModel, memoryLimit: Int? = nil, path: convolution_path) {
    self.model = model
    self.path = path
    self.memoryLimit = memoryLimit ?? Int(clamping: ProcessInfo.processInfo.physicalMemory)
  }

  /// What the network takes.
  public var inputs: [ONNXValue] {
    model.graph.inputs.filter { model.graph.constants[$0.name] == nil }
  }

  /// What the network yields.
  public var outputs: [ONNXValue] { model.graph.outputs }

  /// Makes the network ready for inputs of certain shapes.
  ///
  /// - Parameter shapes: The shape of every input, by its name.
  /// - Throws: ``NetworkError`` for an operator, tensor or shape that cannot be used, and where memory does not suffice.
  public func prepared(for shapes: [String: [Int]]) throws(NetworkError) -> PreparedNetwork {
    let planner = NetworkPlanner(model, path: path, memoryLimit: memoryLimit)
    return PreparedNetwork(plan: try planner.planned(for: shapes))
  }
}

/// A network that is ready for inputs of certain shapes, and runs as often as one likes.
public struct PreparedNetwork: Sendable {
  let plan: NetworkPlan

  /// The largest amount of memory that arrays take at one time, weights aside [bytes].
  public var memory: Int { plan.memory }

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
