import Foundation

/// What reads the messages of `onnx.proto`; numbers of fields are those of that file.
struct ONNXReader {
  let path: String
  /// More axes than any tensor has.
  private static let mostAxes = 16

  private func damaged(_ reason: String) -> NetworkError { .notONNX(path: path, reason: reason) }

  func model(_ bytes: UnsafeRawBufferPointer) throws(NetworkError) -> ONNXModel {
    guard bytes.count > 0 else { throw damaged("it is empty") }
    var graph: ONNXGraph?, version = 0, metadata: [String: String] = [:]
    try forEachField(bytes, 0..<bytes.count, "the model") { number, value throws(NetworkError) in
      switch (number, value) {
      case (7, .bytes(let range)):
        guard graph == nil else { throw damaged("it holds two graphs") }
        graph = try self.graph(bytes, range)
      case (8, .bytes(let range)):
        var domain = "", number = 0
        try forEachField(bytes, range, "an operator set") { key, value throws(NetworkError) in
          switch (key, value) {
          case (1, .bytes(let range)): domain = try text(bytes, range)
          case (2, .varint(let value)): number = Int(truncatingIfNeeded: value)
          default: break
          }
        }
        if domain.isEmpty || domain == "ai.onnx" { version = number }
      case (14, .bytes(let range)):
        let (key, text) = try pair(bytes, range)
        metadata[key] = text
      default: break
      }
    }
    guard let graph else { throw damaged("it holds no graph") }
    guard (1...1000).contains(version) else { throw damaged("it names no version of its operators") }
    return ONNXModel(path: path, graph: graph, operatorVersion: version, metadata: metadata)
  }

  private func graph(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(NetworkError) -> ONNXGraph {
    var graph = ONNXGraph()
    try forEachField(bytes, range, "the graph") { number, value throws(NetworkError) in
      guard case .bytes(let range) = value else { return }
      switch number {
      case 1: graph.nodes.append(try node(bytes, range))
      case 2: graph.name = try text(bytes, range)
      case 5:
        let (name, tensor) = try self.tensor(bytes, range, of: nil)
        guard graph.constants.updateValue(tensor, forKey: name) == nil else {
          throw .badTensor(path: path, tensor: name, reason: "is there twice")
        }
      case 11: graph.inputs.append(try self.value(bytes, range))
      case 12: graph.outputs.append(try self.value(bytes, range))
      case 15: throw damaged("it holds sparse tensors")
      default: break
      }
    }
    return graph
  }

  private func node(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(NetworkError) -> ONNXNode {
    var node = ONNXNode("", [], [])
    var attributes: [Range<Int>] = []
    try forEachField(bytes, range, "a node") { number, value throws(NetworkError) in
      guard case .bytes(let range) = value else { return }
      switch number {
      case 1: node.inputs.append(try text(bytes, range))
      case 2: node.outputs.append(try text(bytes, range))
      case 3: node.name = try text(bytes, range)
      case 4: node.kind = try text(bytes, range)
      case 5: attributes.append(range)
      case 7: node.domain = try text(bytes, range)
      default: break
      }
    }
    for range in attributes {
      let (name, attribute) = try self.attribute(bytes, range, of: node)
      node.attributes[name] = attribute
    }
    return node
  }

  private func attribute(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, of node: ONNXNode
  ) throws(NetworkError) -> (String, ONNXAttribute) {
    var name = "", type: UInt64 = 0
    var single: ONNXAttribute?, floats: [Float] = [], ints: [Int] = [], texts: [String] = []
    try forEachField(bytes, range, node.title) { number, value throws(NetworkError) in
      switch (number, value) {
      case (1, .bytes(let range)): name = try text(bytes, range)
      case (2, .fixed32(let bits)): single = .float(Float(bitPattern: bits))
      case (3, .varint(let value)): single = .int(Int(truncatingIfNeeded: value))
      case (4, .bytes(let range)): single = .text(String(decoding: bytes[range], as: UTF8.self))
      case (5, .bytes(let range)): single = .tensor(try tensor(bytes, range, of: node).tensor)
      case (7, .fixed32(let bits)): floats.append(Float(bitPattern: bits))
      case (7, .bytes(let range)): floats += try packedFloats(bytes, range, node.title)
      case (8, .varint(let value)): ints.append(Int(truncatingIfNeeded: value))
      case (8, .bytes(let range)): ints += try packedIntegers(bytes, range, node.title)
      case (9, .bytes(let range)): texts.append(String(decoding: bytes[range], as: UTF8.self))
      case (20, .varint(let value)): type = value
      case (6, _), (10, _), (11, _), (22, _), (23, _): single = .other
      default: break
      }
    }
    if let single { return (name, single) }
    if !floats.isEmpty { return (name, .floats(floats)) }
    if !texts.isEmpty { return (name, .texts(texts)) }
    guard ints.isEmpty else { return (name, .ints(ints)) }
    // Writers leave out a value that is zero or empty, and only the type says of which kind it is.
    return switch type {
    case 1: (name, .float(0))
    case 2: (name, .int(0))
    case 3: (name, .text(""))
    default: (name, .ints([]))
    }
  }

  private func value(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(NetworkError) -> ONNXValue {
    var value = ONNXValue("", shape: nil)
    try forEachField(bytes, range, "an input or output") { number, field throws(NetworkError) in
      guard case .bytes(let range) = field else { return }
      if number == 1 { value.name = try text(bytes, range) }
      guard number == 2 else { return }
      value.isFloat = false
      try forEachField(bytes, range, "a type") { number, field throws(NetworkError) in
        guard number == 1, case .bytes(let range) = field else { return }
        try forEachField(bytes, range, "a type") { number, field throws(NetworkError) in
          switch (number, field) {
          case (1, .varint(let type)): value.isFloat = type == 1
          case (2, .bytes(let range)): value.shape = try shape(bytes, range)
          default: break
          }
        }
      }
    }
    return value
  }

  private func shape(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(NetworkError) -> [Int?] {
    var shape: [Int?] = []
    try forEachField(bytes, range, "a shape") { number, field throws(NetworkError) in
      guard number == 1, case .bytes(let range) = field else { return }
      guard shape.count < Self.mostAxes else { throw damaged("a shape has more than \(Self.mostAxes) axes") }
      var extent: Int?
      try forEachField(bytes, range, "an extent") { number, field throws(NetworkError) in
        if case (1, .varint(let value)) = (number, field) { extent = Int(truncatingIfNeeded: value) }
      }
      shape.append(extent)
    }
    return shape
  }

  private func pair(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(NetworkError) -> (
    String, String
  ) {
    var result = ("", "")
    try forEachField(bytes, range, "the metadata") { number, value throws(NetworkError) in
      guard case .bytes(let range) = value else { return }
      if number == 1 { result.0 = try text(bytes, range) }
      if number == 2 { result.1 = try text(bytes, range) }
    }
    return result
  }

  private func tensor(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, of node: ONNXNode?
  ) throws(NetworkError) -> (name: String, tensor: ONNXTensor) {
    var parts = TensorParts(), name = ""
    try forEachField(bytes, range, "a tensor") { number, value throws(NetworkError) in
      switch (number, value) {
      case (1, .varint(let extent)): parts.shape.append(Int(truncatingIfNeeded: extent))
      case (1, .bytes(let range)): parts.shape += try packedIntegers(bytes, range, "a tensor")
      case (2, .varint(let type)): parts.type = Int(truncatingIfNeeded: type)
      case (4, .fixed32(let bits)): parts.floats.append(Float(bitPattern: bits))
      case (4, .bytes(let range)): parts.floats += try packedFloats(bytes, range, "a tensor")
      case (5, .varint(let value)), (7, .varint(let value)), (11, .varint(let value)):
        parts.integers.append(Int(truncatingIfNeeded: value))
      case (5, .bytes(let range)), (7, .bytes(let range)), (11, .bytes(let range)):
        parts.integers += try packedIntegers(bytes, range, "a tensor")
      case (8, .bytes(let range)): name = try text(bytes, range)
      case (9, .bytes(let range)): parts.raw = range
      case (10, .fixed64(let bits)): parts.floats.append(Float(Double(bitPattern: bits)))
      case (10, .bytes(let range)):
        guard range.count % 8 == 0 else { throw damaged("a tensor holds \(range.count) bytes of doubles") }
        parts.floats += stride(from: range.lowerBound, to: range.upperBound, by: 8).map { at in
          Float(
            Double(
              bitPattern: UInt64(
                littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))))
        }
      case (13, _): parts.isExternal = true
      case (14, .varint(let place)): if place != 0 { parts.isExternal = true }
      default: break
      }
      guard parts.shape.count <= Self.mostAxes else {
        throw .badTensor(path: path, tensor: name, reason: "has more than \(Self.mostAxes) axes")
      }
    }
    let title = name.isEmpty ? node.map { "of \($0.title)" } ?? "without a name" : name
    do {
      return (name, try parts.tensor(bytes))
    } catch {
      throw .badTensor(path: path, tensor: title, reason: error.reason)
    }
  }

  // MARK: - Fields

  private func forEachField(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ place: String,
    _ body: (Int, ProtobufReader.Value) throws(NetworkError) -> Void
  ) throws(NetworkError) {
    var reader = ProtobufReader(bytes, range)
    while let (number, value) = try checked({ () throws(ProtobufReader.Fault) in try reader.next() }, place) {
      try body(number, value)
    }
  }

  private func checked<Result>(
    _ body: () throws(ProtobufReader.Fault) -> Result, _ place: String
  ) throws(NetworkError) -> Result {
    do {
      return try body()
    } catch {
      throw damaged("in \(place.shown), \(error.reason)")
    }
  }

  private func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(NetworkError) -> String {
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw damaged("the text at byte \(range.lowerBound) is not UTF-8")
    }
    return text
  }

  private func packedFloats(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ place: String
  ) throws(NetworkError) -> [Float] {
    guard range.count % 4 == 0 else { throw damaged("\(place.shown) holds \(range.count) bytes of numbers") }
    return stride(from: range.lowerBound, to: range.upperBound, by: 4).map { at in
      Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
    }
  }

  private func packedIntegers(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ place: String
  ) throws(NetworkError) -> [Int] {
    var reader = ProtobufReader(bytes, range), numbers: [Int] = []
    while let value = try checked({ () throws(ProtobufReader.Fault) in try reader.nextVarint() }, place) {
      numbers.append(Int(truncatingIfNeeded: value))
    }
    return numbers
  }
}
