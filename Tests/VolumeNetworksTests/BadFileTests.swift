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

  /// A network whose first node has two channels and whose last gives the sum of them.
  @Test("Numbers for each channel count for each, in volumes of few channels too", arguments: [2, 3, 5, 16])
  func perChannel(channels: Int) throws {
    func tensor(_ values: [Float], _ shape: [Int]) -> ONNXTensor { ONNXTensor(values, shape: shape) }
    let offsets = (0..<channels).map { 0.3 * Float($0) - 0.5 }
    for (kind, sign) in [("Add", Float(1)), ("Sub", -1)] {
      var graph = ONNXGraph(name: "offsets")
      graph.inputs = [ONNXValue("input", shape: [1, 1, nil, nil, nil])]
      graph.outputs = [ONNXValue("output", shape: nil)]
      graph.constants = [
        "spread": tensor(Array(repeating: 1, count: channels), [channels, 1, 1, 1, 1]),
        "offsets": tensor(offsets, [1, channels, 1, 1, 1]),
        "gather": tensor(Array(repeating: 1, count: channels), [1, channels, 1, 1, 1]),
      ]
      graph.nodes = [
        ONNXNode("Conv", ["input", "spread"], ["a"], name: "spread"),
        ONNXNode(kind, ["a", "offsets"], ["b"], name: "offset"),
        ONNXNode("Relu", ["b"], ["c"], name: "bend"),
        ONNXNode("Conv", ["c", "gather"], ["output"], name: "gather"),
      ]
      let network = VolumeNetwork(ONNXModel(graph))
      let input = NDArray((0..<60).map { 0.05 * Float($0) - 1.5 }, shape: [1, 1, 3, 4, 5])
      let result = try #require(try network.prepared(for: ["input": input.shape])(["input": input])["output"])
      for (found, value) in zip(result.elements, input.elements) {
        let wanted = offsets.reduce(0) { $0 + max(value + sign * $1, 0) }
        #expect(abs(found - wanted) < 1e-5)
      }
    }
  }

  @Test("What is broadcast along another axis than the channels', or resized otherwise than here, is refused")
  func misreadings() {
    // Four slopes lie along x, not along the four channels.
    let slopes = ["slopes": ONNXTensor([Float](repeating: 0.1, count: 4), shape: [4])]
    #expect(
      SmallGraph.refusal(SmallGraph.model("PRelu", ["slopes"], constants: slopes)).contains(
        "slopes of shape [4]"))
    let placed = ["slopes": ONNXTensor([Float](repeating: 0.1, count: 4), shape: [4, 1, 1, 1])]
    #expect(SmallGraph.refusal(SmallGraph.model("PRelu", ["slopes"], constants: placed)) == "none")
    let scales = ["scales": ONNXTensor([1, 1, 2, 2, 2] as [Float], shape: [5])]
    func resize(_ attributes: [String: ONNXAttribute]) -> String {
      SmallGraph.refusal(SmallGraph.model("Resize", ["", "scales"], attributes, constants: scales))
    }
    #expect(resize(["mode": .text("linear")]) == "none")
    #expect(resize(["mode": .text("linear"), "antialias": .int(1)]).contains("antialias"))
    #expect(resize(["keep_aspect_ratio_policy": .text("not_larger")]).contains("ratio"))
    #expect(resize(["axes": .ints([2, 3, 4])]).contains("axes"))
    // A computed array of four axes has its channels elsewhere than a volume.
    var model = SmallGraph.model("Relu")
    model.graph.nodes = [
      ONNXNode("Relu", ["input"], ["a"], name: "one"),
      ONNXNode("Squeeze", ["a", "first"], ["b"], name: "two"),
      ONNXNode("Add", ["a", "b"], ["output"], name: "three"),
    ]
    model.graph.constants = ["first": ONNXTensor([0], shape: [1])]
    #expect(SmallGraph.refusal(model).contains("node three (Add) combines the shapes"))
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
