import Foundation
import NDArrays
import TestSupport
import Testing

@testable import ReconNet

@Suite("Weights of a network")
struct WeightsTests {
  static let small = ReconNetWeights.random(features: 3, blocks: 3, layers: 4, consistency: .weighted(0.5))

  private func equal(_ left: ReconNetWeights, _ right: ReconNetWeights) -> Bool {
    left.blocks.count == right.blocks.count
      && zip(left.blocks, right.blocks).allSatisfy { left, right in
        left.consistency == right.consistency
          && left.convolutions.map(\.weight) == right.convolutions.map(\.weight)
          && left.convolutions.map(\.bias) == right.convolutions.map(\.bias)
      }
  }

  @Test("are read as they were written, with what the metadata say")
  func ownNames() throws {
    var text = SafetensorsText(Self.small)
    text.metadata = [
      "activation": "relu", "residual": "false", "blocks": "3", "layers": "4", "features": "3",
      "scale": "quantile",
    ]
    let weights = try text.weights()
    #expect(equal(weights, Self.small))
    #expect(weights.negativeSlope == 0 && !weights.isResidual && weights.assumptions.isEmpty)
  }

  @Test("of other networks are told by the numbers in their names, in natural order")
  func otherNames() throws {
    let plain = ReconNetWeights.random(features: 4, blocks: 11, layers: 3)
    // Eleven blocks, so that "10" must come after "9"; layers alternate with activations that have no weights.
    let weights = try SafetensorsText(plain) { "conv_blocks.\($0).\(2 * $1)" }.weights()
    #expect(equal(weights, plain))
    #expect(weights.negativeSlope == 0.01 && weights.isResidual)
    #expect(weights.assumptions.count == 3)
    #expect(equal(try SafetensorsText(plain) { "net.block\($0 + 1).conv\($1 + 1)" }.weights(), plain))
  }

  @Test("may be stored in other number formats")
  func formats() throws {
    // 1.5, -0.375, 2^-24 (subnormal in half precision), 65504 (its largest number)
    let cases: [(String, [UInt8], [Float])] = [
      ("F16", [0x00, 0x3E, 0x00, 0xB6, 0x01, 0x00, 0xFF, 0x7B], [1.5, -0.375, 0x1p-24, 65504]),
      ("BF16", [0xC0, 0x3F, 0xC0, 0xBE, 0x80, 0x33, 0x80, 0x47], [1.5, -0.375, 0x1p-24, 65536]),
    ]
    for (type, bytes, expected) in cases {
      var text = SafetensorsText()
      text.add("values", SafetensorsText.Tensor(type: type, shape: [4], bytes: Data(bytes)))
      #expect(try text.file().tensor("values") == NDArray(expected, shape: [4]))
    }
    var text = SafetensorsText()
    let double = [1.5, -0.1].withUnsafeBufferPointer { Data(buffer: $0) }
    text.add("values", SafetensorsText.Tensor(type: "F64", shape: [2], bytes: double))
    #expect(try text.file().tensor("values") == NDArray([1.5, -0.1], shape: [2]))
  }

  @Test(
    "that are absent are named",
    arguments: [
      "blocks.0.convolutions.0.weight", "blocks.1.convolutions.2.weight", "blocks.2.convolutions.3.weight",
      "blocks.1.convolutions.1.bias", "blocks.1.consistency.weight",
    ])
  func missing(name: String) {
    var text = SafetensorsText(Self.small)
    text.remove(name)
    #expect(text.error == .missingTensor(path: "network", tensor: name))
  }

  @Test("of a whole block that is absent are named")
  func missingBlock() {
    for block in 0..<3 {
      var text = SafetensorsText(Self.small)
      text.metadata = ["blocks": "3"]
      for name in text.names where name.hasPrefix("blocks.\(block).") { text.remove(name) }
      #expect(
        text.error == .missingTensor(path: "network", tensor: "blocks.\(block).convolutions.0.weight"))
    }
  }

  @Test("that do not belong there are named")
  func unexpected() {
    for (name, shape) in [
      ("blocks.0.norm.running_mean", [3]), ("blocks.3.consistency.weight", [1]), ("extra.weight", [3]),
    ] {
      var text = SafetensorsText(Self.small)
      text.add(name, NDArray(repeating: 1, shape: shape))
      #expect(text.error == .unexpectedTensor(path: "network", tensor: name))
    }
    var text = SafetensorsText(Self.small)
    text.add("up.0.conv.0.weight", NDArray(repeating: 1, shape: [3, 3, 3, 3, 3]))
    guard case .unexpectedTensor = text.error else {
      Issue.record("\(String(describing: text.error))")
      return
    }
  }

  @Test("of the wrong shape, type or value are named")
  func badTensors() {
    let name = "blocks.1.convolutions.2.weight", lambda = "blocks.1.consistency.weight"
    func error(_ name: String, _ change: (inout SafetensorsText.Tensor) -> Void) -> ReconNetError? {
      var text = SafetensorsText(Self.small)
      if var tensor = text.tensors[name] {
        change(&tensor)
        text.tensors[name] = tensor
      }
      return text.error
    }
    func names(_ error: ReconNetError?, _ expected: String) -> Bool {
      if case .badTensor(_, let tensor, _) = error { tensor == expected } else { false }
    }
    #expect(names(error(name) { $0.shape = [3, 3, 27] }, name))
    #expect(names(error(name) { $0.shape = [9, 1, 3, 3, 3] }, name))
    #expect(names(error(name) { $0.shape = [3, 3, 3, 3, 2] }, name))
    #expect(names(error(name) { $0.shape = [Int.max, 3, 3, 3, 3] }, name))
    #expect(names(error(name) { $0.shape = [-3, -3, 3, 3, 3] }, name))
    #expect(names(error(name) { $0.type = "I64" }, name))
    #expect(names(error(name) { $0.type = "F64" }, name))
    #expect(names(error(name) { $0.bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F]) }, name))
    #expect(names(error(name) { $0.offsets = [0, 4 * 243] }, name))
    #expect(names(error(name) { $0.offsets = [8, 4] }, name))
    #expect(names(error(lambda) { $0.bytes = Data([0, 0, 0x80, 0xBF]) }, lambda))
  }

  @Test("in a damaged file end in an error")
  func damaged() {
    let whole = SafetensorsText(Self.small).data
    func error(_ data: Data) -> ReconNetError? {
      do {
        _ = try ReconNetWeights(SafetensorsFile(data: data, path: "network"))
        return nil
      } catch { return error }
    }
    #expect(error(whole) == nil)
    // Every header that is cut, and data that are cut at some places.
    for length in Array(0..<200) + Array(stride(from: 200, to: whole.count, by: 97)) + [whole.count - 1] {
      #expect(error(whole.prefix(length)) != nil, "\(length) bytes of \(whole.count)")
    }
    if case .badTensor(_, let tensor, let reason) = error(whole.dropLast()) {
      #expect(tensor == "blocks.2.consistency.weight" && reason.contains("truncated"))
    } else {
      Issue.record("a truncated file does not name the tensor")
    }
    #expect(error(whole + Data([0])) != nil)
    for length in [UInt64.max, 1 << 40, 0, 1] {
      var text = SafetensorsText(Self.small)
      text.headerLength = length
      #expect(text.error != nil, "a header of \(length) bytes")
    }
    #expect(SafetensorsText().error != nil)
  }

  @Test("whose metadata contradict the tensors, or say what is not known here, are refused")
  func metadata() {
    for (key, value) in [
      ("features", "4"), ("layers", "3"), ("blocks", "2"), ("blocks", "many"), ("activation", "gelu"),
      ("residual", "maybe"), ("negative_slope", "steep"),
    ] {
      var text = SafetensorsText(Self.small)
      text.metadata = [key: value]
      guard case .unsupportedNetwork = text.error else {
        Issue.record("\(key) \(value): \(String(describing: text.error))")
        continue
      }
    }
  }

  @Test(
    "whose numbers run to where no network ends are refused, not counted",
    arguments: ["1000000000000", "999999", "\(Int.max)"])
  func hugeNumbers(number: String) {
    for name in ["b.0.\(number).weight", "b.\(number).0.weight"] {
      var text = SafetensorsText(ReconNetWeights.random(features: 4, blocks: 1, layers: 3)) {
        "b.\($0).\($1)"
      }
      text.add(name, NDArray<Float>(repeating: 0, shape: [2, 4, 3, 3, 3]))
      #expect(text.error != nil, "\(name)")
    }
  }

  @Test("that are not there say where they were looked for")
  func absent() {
    #expect(throws: ReconNetError.self) { try ReconNet3D(weights: .file("/nowhere/weights.safetensors")) }
  }
}
