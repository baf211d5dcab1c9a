import Files
import Foundation

/// A network in an ONNX file: one graph, the versions of its operators, and what its authors noted.
///
/// Read and written by a small reader of its own, without any library. A file is mapped, every count in it is checked
/// against its own length before anything is reserved.
///
/// - SeeAlso: The ONNX authors, "Open Neural Network Exchange", https://github.com/onnx/onnx, `onnx.proto`.
public struct ONNXModel: Sendable {
  /// Where the model came from, for messages.
  public var path: String
  /// The graph.
  public var graph: ONNXGraph
  /// The version of ONNX's own operators.
  public var operatorVersion: Int
  /// What the authors noted, by key.
  public var metadata: [String: String]
  /// The fingerprint of the file, 64 hexadecimal digits; empty for a model that was not read.
  public var digest = ""

  /// The newest version of the operators that is known here; later ones are read in the same way.
  public static let newestOperatorVersion = 26

  /// Creates a model of a graph.
  public init(_ graph: ONNXGraph, operatorVersion: Int = 17, metadata: [String: String] = [:]) {
    path = graph.name
    self.graph = graph
    self.operatorVersion = operatorVersion
    self.metadata = metadata
  }

  /// Reads a file.
  ///
  /// - Throws: ``NetworkError`` if it cannot be read, is damaged, or holds tensors of other kinds than numbers.
  public init(contentsOf path: String) throws(NetworkError) {
    LastWord.note(.reading, path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    close(descriptor)
    guard let data = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else {
      throw .unreadable(path: path, reason: "it is no file that can be mapped")
    }
    try self.init(data: data, path: path)
    do {
      digest = try SHA256.digest(ofFile: path)
    } catch {
      throw .unreadable(path: path, reason: "\(error)")
    }
  }

  /// Reads the content of a file.
  public init(data: Data, path: String) throws(NetworkError) {
    let reader = ONNXReader(path: path)
    let result = data.withUnsafeBytes { bytes in
      Result { () throws(NetworkError) in try reader.model(bytes) }
    }
    self = try result.get()
  }

  init(path: String, graph: ONNXGraph, operatorVersion: Int, metadata: [String: String]) {
    self.path = path
    self.graph = graph
    self.operatorVersion = operatorVersion
    self.metadata = metadata
  }
}
