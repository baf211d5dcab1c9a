import Foundation
import NDArrays

@testable import ReconNet

/// A safetensors file to be written, and to be damaged.
struct SafetensorsText {
  struct Tensor {
    var type = "F32"
    var shape: [Int]
    var bytes: Data
    /// The offsets to write, if not the true ones.
    var offsets: [Int]?
  }

  var metadata: [String: String] = [:]
  var names: [String] = []
  var tensors: [String: Tensor] = [:]
  /// The length of the header to write, if not the true one.
  var headerLength: UInt64?

  mutating func add(_ name: String, _ tensor: Tensor) {
    names.append(name)
    tensors[name] = tensor
  }

  mutating func add(_ name: String, _ values: NDArray<Float>) {
    add(name, Tensor(shape: values.shape, bytes: values.withUnsafeBufferPointer { Data(buffer: $0) }))
  }

  mutating func remove(_ name: String) {
    names.removeAll { $0 == name }
    tensors[name] = nil
  }

  /// The content of the file.
  var data: Data {
    var header =
      metadata.isEmpty
      ? []
      : [
        "\"__metadata__\": {" + metadata.map { "\"\($0)\": \"\($1)\"" }.joined(separator: ", ") + "}"
      ]
    var content = Data()
    for name in names {
      guard let tensor = tensors[name] else { continue }
      let offsets = tensor.offsets ?? [content.count, content.count + tensor.bytes.count]
      header.append(
        "\"\(name)\": {\"dtype\": \"\(tensor.type)\", \"shape\": \(tensor.shape), \"data_offsets\": \(offsets)}"
      )
      content.append(tensor.bytes)
    }
    let text = Data("{\(header.joined(separator: ", "))}".utf8)
    let length = headerLength ?? UInt64(text.count)
    return Data((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }) + text + content
  }

  func file() throws(ReconNetError) -> SafetensorsFile { try SafetensorsFile(data: data, path: "network") }
  func weights() throws(ReconNetError) -> ReconNetWeights { try ReconNetWeights(file()) }

  /// The error that reading the weights ends with.
  var error: ReconNetError? {
    do {
      _ = try weights()
      return nil
    } catch {
      return error
    }
  }

  /// Weights as this toolkit names them, or with other names.
  init(
    _ weights: ReconNetWeights,
    kernel: (_ block: Int, _ layer: Int) -> String = { "blocks.\($0).convolutions.\($1)" }
  ) {
    for (block, content) in weights.blocks.enumerated() {
      for (layer, convolution) in content.convolutions.enumerated() {
        add(kernel(block, layer) + ".weight", convolution.weight)
        add(kernel(block, layer) + ".bias", convolution.bias)
      }
      if case .weighted(let lambda) = content.consistency {
        add("blocks.\(block).consistency.weight", NDArray([lambda], shape: [1]))
      }
    }
  }

  init() {}
}
