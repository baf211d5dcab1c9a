import Files
import Foundation

extension ONNXModel {
  /// Writes the model in one step.
  ///
  /// - Throws: ``FileError`` if it cannot be written.
  public func write(to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.append(encoded)
    try file.commit()
  }

  /// The model as the content of a file.
  public var encoded: Data {
    var model = ProtobufWriter(), operators = ProtobufWriter()
    model.append(1, 8)
    model.append(2, "kspace")
    model.append(7, graph.message)
    operators.append(1, "")
    operators.append(2, operatorVersion)
    model.append(8, operators)
    for (key, text) in metadata.sorted(by: { $0.key < $1.key }) {
      var pair = ProtobufWriter()
      pair.append(1, key)
      pair.append(2, text)
      model.append(14, pair)
    }
    return model.data
  }
}

extension ONNXGraph {
  fileprivate var message: ProtobufWriter {
    var message = ProtobufWriter()
    for node in nodes { message.append(1, node.message) }
    message.append(2, name)
    for (name, tensor) in constants.sorted(by: { $0.key < $1.key }) {
      message.append(5, tensor.message(named: name))
    }
    for value in inputs { message.append(11, value.message) }
    for value in outputs { message.append(12, value.message) }
    return message
  }
}

extension ONNXNode {
  fileprivate var message: ProtobufWriter {
    var message = ProtobufWriter()
    for name in inputs { message.append(1, name) }
    for name in outputs { message.append(2, name) }
    message.append(3, name)
    message.append(4, kind)
    for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) {
      message.append(5, attribute.message(named: name))
    }
    return message
  }
}

extension ONNXAttribute {
  fileprivate func message(named name: String) -> ProtobufWriter {
    var message = ProtobufWriter()
    message.append(1, name)
    switch self {
    case .float(let value):
      message.append(2, value)
      message.append(20, 1)
    case .int(let value):
      message.append(3, value)
      message.append(20, 2)
    case .text(let value):
      message.append(4, value)
      message.append(20, 3)
    case .tensor(let value):
      message.append(5, value.message(named: ""))
      message.append(20, 4)
    case .floats(let values):
      for value in values { message.append(7, value) }
      message.append(20, 6)
    case .ints(let values):
      for value in values { message.append(8, value) }
      message.append(20, 7)
    case .texts(let values):
      for value in values { message.append(9, value) }
      message.append(20, 8)
    case .other: preconditionFailure("attribute \(name) cannot be written")
    }
    return message
  }
}

extension ONNXTensor {
  fileprivate func message(named name: String) -> ProtobufWriter {
    var message = ProtobufWriter()
    for extent in shape { message.append(1, extent) }
    switch values {
    case .floats(let values):
      message.append(2, 1)
      message.append(9, values.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) })
    case .integers(let values):
      message.append(2, 7)
      message.append(9, values.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) })
    }
    if !name.isEmpty { message.append(8, name) }
    return message
  }
}

extension ONNXValue {
  fileprivate var message: ProtobufWriter {
    var shape = ProtobufWriter()
    for (axis, extent) in (self.shape ?? []).enumerated() {
      var dimension = ProtobufWriter()
      if let extent {
        dimension.append(1, extent)
      } else if axis < extentNames.count {
        dimension.append(2, extentNames[axis])
      }
      shape.append(1, dimension)
    }
    var tensor = ProtobufWriter(), type = ProtobufWriter(), message = ProtobufWriter()
    tensor.append(1, 1)
    tensor.append(2, shape)
    type.append(1, tensor)
    message.append(1, name)
    message.append(2, type)
    return message
  }
}
