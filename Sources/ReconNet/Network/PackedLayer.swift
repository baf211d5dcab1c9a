import CConvolution
import NDArrays

/// A convolution whose weights are arranged for the instructions that will use them.
struct PackedLayer: Sendable {
  /// What a layer does in its block, which decides how it is computed.
  enum Role {
    case first, hidden, last
  }

  let inputs: Int
  let outputs: Int
  private let slope: Float
  private let weights: NDArray<Float>
  private let bias: NDArray<Float>

  init(_ layer: Convolution3D, _ role: Role, slope: Float, path: convolution_path) {
    inputs = layer.inputs
    outputs = layer.outputs
    self.slope = slope
    let inputs = Int64(self.inputs), outputs = Int64(self.outputs)
    let size =
      switch role {
      case .first: convolution_first_size(outputs)
      case .hidden: convolution_hidden_size(inputs, outputs)
      case .last: convolution_last_size(inputs)
      }
    weights = NDArray(uninitializedShape: [Int(size)]) { target in
      layer.weight.withUnsafeBufferPointer { source in
        guard let packed = target.baseAddress, let source = source.baseAddress else { return }
        switch role {
        case .first: convolution_first_pack(path, source, outputs, packed)
        case .hidden: convolution_hidden_pack(path, source, inputs, outputs, packed)
        case .last: convolution_last_pack(path, source, inputs, packed)
        }
      }
    }
    let padded = Int(convolution_stride(outputs))
    bias = NDArray(layer.bias.elements + Array(repeating: 0, count: padded - self.outputs), shape: [padded])
  }

  /// The number of bytes of the weights.
  var bytes: Int { weights.count * MemoryLayout<Float>.stride }

  /// Calls a closure with what the C kernels take.
  func withLayer<Result>(_ body: (convolution_layer) -> Result) -> Result {
    weights.withUnsafeBufferPointer { weights in
      bias.withUnsafeBufferPointer { bias in
        guard let weights = weights.baseAddress, let bias = bias.baseAddress else {
          preconditionFailure("a layer without weights")
        }
        return body(
          convolution_layer(
            weights: weights, bias: bias, inputs: Int64(inputs), outputs: Int64(outputs), slope: slope))
      }
    }
  }
}
