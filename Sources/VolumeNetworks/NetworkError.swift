/// What can go wrong with a network file and what it is given: what is wrong, where, and what to do.
public enum NetworkError: Error, Equatable, CustomStringConvertible {
  /// There is no such file, or it cannot be read.
  case unreadable(path: String, reason: String)
  /// The file is not ONNX, or is damaged.
  case notONNX(path: String, reason: String)
  /// A tensor of the file that cannot be used.
  case badTensor(path: String, tensor: String, reason: String)
  /// A node that cannot be run here.
  case badNode(path: String, node: String, reason: String)
  /// An input that the network does not have, or that has other extents than it needs.
  case badInput(path: String, input: String, reason: String)
  /// The network does not fit into the memory that it may use [bytes].
  case tooLarge(path: String, neededBytes: Int, allowedBytes: Int)

  /// One message for the user.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "\(path): cannot be read (\(reason)). Check the path and its permissions."
    case .notONNX(let path, let reason):
      "\(path): not an ONNX model that can be read (\(reason)). Copy the file again from its source, or export it again."
    case .badTensor(let path, let tensor, let reason):
      "\(path): tensor \(tensor.shown) \(reason). Export the network again."
    case .badNode(let path, let node, let reason):
      "\(path): \(node.shown) \(reason). Export the network for inference, with standard operators on volumes."
    case .badInput(let path, let input, let reason):
      "\(path): input \(input.shown) \(reason)."
    case .tooLarge(let path, let needed, let allowed):
      "\(path): the network needs \(needed / 1_000_000 + 1) MB of memory for these extents and may use "
        + "\(allowed / 1_000_000) MB. Crop the volume, or use a larger machine."
    }
  }
}

extension String {
  /// A name of a file in a message: printable, and not longer than a line.
  package var shown: String {
    let text = String(prefix(80)).unicodeScalars.map { scalar in
      scalar.value < 32 || scalar.value == 127 ? "?" : String(scalar)
    }.joined()
    return count > 80 ? text + "..." : text
  }
}
