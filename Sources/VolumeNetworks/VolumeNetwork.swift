import CConvolution
import Files
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
    self.memoryLimit = memoryLimit ?? MachineMemory.limit
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
