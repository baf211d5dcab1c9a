import Foundation
import NDArrays
import TestSupport
import Testing

@testable import VolumeNetworks

@Suite("Bad network files")
struct BadFileTests {
  @Test("A file cut off anywhere is refused, or lacks a part that shows when it is made ready")
  func truncated() throws {
    let whole = SmallGraph.convolution.encoded
    #expect(SmallGraph.refusal(whole) == "none")
    for length in stride(from: 0, to: whole.count, by: 7) {
      #expect(SmallGraph.refusal(whole.prefix(length)) != "none", "\(length) bytes")
    }
  }

  @Test("An operator that is not run here is named with its node")
  func operators() {
    let text = SmallGraph.refusal(SmallGraph.model("NonMaxSuppression"))
    #expect(text.contains("node first (NonMaxSuppression)") && text.contains("no operator"))
    var foreign = SmallGraph.model("Relu")
    foreign.graph.nodes[0].domain = ""
    #expect(SmallGraph.refusal(foreign) == "none")
  }

  @Test("A circle and a missing value are refused with the name of the value")
  func circle() {
    var model = SmallGraph.model("Relu")
    model.graph.nodes = [
      ONNXNode("Add", ["input", "b"], ["a"], name: "one"), ONNXNode("Relu", ["a"], ["b"], name: "two"),
      ONNXNode("Relu", ["b"], ["output"], name: "three"),
    ]
    #expect(SmallGraph.refusal(model).contains("node one (Add) takes b"))
    model.graph.nodes = [ONNXNode("Relu", ["input"], ["elsewhere"])]
    #expect(SmallGraph.refusal(model).contains("output"))
  }

  @Test("Weights that do not fit are refused with their shapes")
  func weights() {
    var model = SmallGraph.convolution
    model.graph.constants["weight"] = ONNXTensor(
      [Float](repeating: 1, count: 4 * 3 * 27), shape: [4, 3, 3, 3, 3])
    #expect(SmallGraph.refusal(model).contains("[4, 3, 3, 3, 3] for 4 channels"))
    model.graph.constants["weight"] = ONNXTensor([Int](repeating: 1, count: 432), shape: [4, 4, 3, 3, 3])
    #expect(SmallGraph.refusal(model).contains("whole numbers"))
    model = SmallGraph.convolution
    model.graph.nodes[0].attributes["group"] = .int(2)
    #expect(SmallGraph.refusal(model).contains("2 groups"))
    model = SmallGraph.convolution
    model.graph.nodes[0].attributes["dilations"] = .ints([0, 1, 1])
    #expect(SmallGraph.refusal(model).contains("dilations"))
  }

  @Test("Slopes that broadcasting lays along another axis than channels are refused")
  func slopes() {
    func refusal(_ shape: [Int]) -> String {
      let slopes = ONNXTensor([Float](repeating: 0.1, count: 4), shape: shape)
      return SmallGraph.refusal(SmallGraph.model("PRelu", ["slopes"], constants: ["slopes": slopes]))
    }
    #expect(refusal([4, 1, 1, 1]) == "none" && refusal([1, 4, 1, 1, 1]) == "none")
    for shape in [[4], [1, 1, 1, 4], [1, 4, 1, 1]] {
      #expect(refusal(shape).contains("slopes of shape \(shape)"), "\(shape)")
    }
  }

  @Test("Parameters that change what a resampling makes are refused by name")
  func resampling() {
    func refusal(_ attributes: [String: ONNXAttribute]) -> String {
      let sizes = ONNXTensor([1, 4, 8, 8, 8], shape: [5])
      return SmallGraph.refusal(
        SmallGraph.model("Resize", ["", "", "sizes"], attributes, constants: ["sizes": sizes]))
    }
    #expect(
      refusal([
        "antialias": .int(0), "keep_aspect_ratio_policy": .text("stretch"), "axes": .ints([0, 1, 2, 3, -1]),
      ]) == "none")
    #expect(refusal(["antialias": .int(1)]).contains("antialias"))
    #expect(refusal(["keep_aspect_ratio_policy": .text("not_larger")]).contains("keep_aspect_ratio_policy"))
    #expect(refusal(["axes": .ints([1, 0, 2, 3, 4])]).contains("axes [1, 0, 2, 3, 4]"))
  }

  @Test("A parameter that is zero keeps its kind where the file leaves the value out")
  func zeros() throws {
    var node = ProtobufWriter(), graph = ProtobufWriter()
    var operators = ProtobufWriter(), model = ProtobufWriter()
    node.append(4, "Gather")
    for (name, type) in [("float", 1), ("int", 2), ("text", 3), ("ints", 7)] {
      var attribute = ProtobufWriter()
      attribute.append(1, name)
      attribute.append(20, type)
      node.append(5, attribute)
    }
    graph.append(1, node)
    operators.append(2, 17)
    model.append(7, graph)
    model.append(8, operators)
    let attributes = try ONNXModel(data: model.data, path: "net.onnx").graph.nodes[0].attributes
    #expect(attributes == ["float": .float(0), "int": .int(0), "text": .text(""), "ints": .ints([])])
  }

  @Test("Absurd numbers are refused before anything is reserved")
  func absurd() {
    let pads = ONNXTensor([0, 0, 1 << 40, 0, 0, 0, 0, 1 << 40, 0, 0], shape: [10])
    #expect(
      SmallGraph.refusal(SmallGraph.model("Pad", ["pads"], constants: ["pads": pads])).contains("node first"))
    let sizes = ONNXTensor([1, 4, 60000, 60000, 60000], shape: [5])
    let resized = SmallGraph.model("Resize", ["", "", "sizes"], constants: ["sizes": sizes])
    #expect(SmallGraph.refusal(resized) != "none")
    #expect(SmallGraph.refusal(SmallGraph.convolution, shape: [1, 4, 4000, 4000, 4000]).contains("memory"))
    #expect(SmallGraph.refusal(SmallGraph.convolution, memoryLimit: 1000).contains("memory"))
    var made = SmallGraph.model(
      "Add", ["made"], constants: ["shape": ONNXTensor([1 << 20, 1 << 20], shape: [2])])
    made.graph.nodes.insert(ONNXNode("ConstantOfShape", ["shape"], ["made"], name: "maker"), at: 0)
    #expect(SmallGraph.refusal(made).contains("node maker (ConstantOfShape)"))
  }

  @Test("A tensor that its bytes do not fill, or that lies elsewhere, is named")
  func tensors() {
    // dims 2^62 and 4 would overflow; field 5 of a graph, field 7 of a model.
    func model(_ tensor: [UInt8]) -> Data {
      let graph = [0x2A, UInt8(tensor.count)] + tensor
      return Data([0x3A, UInt8(graph.count)] + graph + [0x42, 2, 0x10, 17])
    }
    let name: [UInt8] = [0x42, 3] + Array("big".utf8)
    let extent: [UInt8] = [0x08] + Array(repeating: 0xFF, count: 8) + [0x3F]
    let huge = SmallGraph.refusal(model(extent + extent + [0x10, 1] + name))
    #expect(huge.contains("tensor big") && huge.contains("shape"))
    let short = SmallGraph.refusal(model([0x08, 5, 0x10, 1] + name + [0x4A, 4, 0, 0, 0, 0]))
    #expect(short.contains("tensor big") && short.contains("4 bytes"))
    let external = SmallGraph.refusal(model([0x08, 1, 0x10, 1] + name + [0x70, 1]))
    #expect(external.contains("tensor big") && external.contains("another file"))
    let texts = SmallGraph.refusal(model([0x08, 1, 0x10, 8] + name))
    #expect(texts.contains("texts"))
    // A length beyond the file.
    #expect(SmallGraph.refusal(Data([0x3A, 0xFF, 0xFF, 0xFF, 0x7F, 0])).contains("would take"))
  }

  @Test("Inputs of other extents than the file's are refused")
  func inputs() {
    #expect(SmallGraph.refusal(SmallGraph.convolution, shape: [1, 3, 4, 4, 4]).contains("input input"))
    #expect(SmallGraph.refusal(SmallGraph.convolution, shape: [4, 4]).contains("1 x 4 x any"))
  }

  @Test("A file that is missing or no model is refused")
  func files() {
    #expect(throws: NetworkError.self) { try VolumeNetwork(contentsOf: "/nowhere/net.onnx") }
    #expect(throws: NetworkError.self) {
      try VolumeNetwork(contentsOf: GoldenNetwork.folder.appending(path: "../make_goldens.py").path)
    }
  }
}

@Suite("The memory of networks")
struct NetworkMemoryTests {
  @Test("Arrays are given back after their last use, and joined ones share theirs")
  func chain() throws {
    func memory(_ layers: Int, joins: Bool) throws -> Int {
      var model = SmallGraph.convolution
      model.graph.nodes = []
      var name = "input"
      for layer in 0..<layers {
        model.graph.nodes.append(
          ONNXNode(
            "Conv", [name, "weight"], [layer == layers - 1 && !joins ? "output" : "value\(layer)"],
            attributes: ["pads": .ints([1, 1, 1, 1, 1, 1])]))
        name = "value\(layer)"
      }
      if joins {
        model.graph.nodes.append(
          ONNXNode("Concat", ["value0", name], ["joined"], attributes: ["axis": .int(1)]))
        model.graph.nodes.append(ONNXNode("Relu", ["joined"], ["output"]))
      }
      return try VolumeNetwork(model).prepared(for: ["input": [1, 4, 64, 64, 63]]).memory
    }
    let volume = 16 * 4 * 64 * 64 * 63
    let short = try memory(3, joins: false)
    #expect(try memory(12, joins: false) == short)
    #expect(short >= 2 * volume && short < 3 * volume)
  }
}
