import Foundation
import NDArrays
import Testing

@testable import VolumeNetworks

/// A network of one node on a volume of 4 channels, to be spoilt.
enum SmallGraph {
  static func model(
    _ kind: String, _ more: [String] = [], _ attributes: [String: ONNXAttribute] = [:],
    constants: [String: ONNXTensor] = [:]
  ) -> ONNXModel {
    var graph = ONNXGraph(name: "small")
    graph.inputs = [ONNXValue("input", shape: [1, 4, nil, nil, nil])]
    graph.outputs = [ONNXValue("output", shape: nil)]
    graph.constants = constants
    graph.nodes = [ONNXNode(kind, ["input"] + more, ["output"], name: "first", attributes: attributes)]
    return ONNXModel(graph)
  }

  static var convolution: ONNXModel {
    model(
      "Conv", ["weight"], ["pads": .ints([1, 1, 1, 1, 1, 1])],
      constants: ["weight": ONNXTensor((0..<4 * 4 * 27).map { Float($0) }, shape: [4, 4, 3, 3, 3])])
  }

  /// What nodes make of `input`, as `output`.
  static func result(
    _ nodes: [ONNXNode], constants: [String: ONNXTensor] = [:], of input: NDArray<Float>
  ) throws -> NDArray<Float> {
    var graph = ONNXGraph(name: "small")
    graph.inputs = [ONNXValue("input", shape: nil)]
    graph.outputs = [ONNXValue("output", shape: nil)]
    graph.constants = constants
    graph.nodes = nodes
    let network = try VolumeNetwork(ONNXModel(graph)).prepared(for: ["input": input.shape])
    return try #require(network(["input": input])["output"])
  }

  /// What is said of a model, by way of a file.
  static func refusal(
    _ model: ONNXModel, shape: [Int] = [1, 4, 4, 4, 4], memoryLimit: Int = 1 << 30
  ) -> String {
    refusal(model.encoded, shape: shape, memoryLimit: memoryLimit)
  }

  static func refusal(_ data: Data, shape: [Int] = [1, 4, 4, 4, 4], memoryLimit: Int = 1 << 30) -> String {
    do {
      let network = VolumeNetwork(try ONNXModel(data: data, path: "net.onnx"), memoryLimit: memoryLimit)
      _ = try network.prepared(for: ["input": shape])
      return "none"
    } catch {
      return "\(error)"
    }
  }
}
