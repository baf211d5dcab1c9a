import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// `kspace qsm --inversion network`, and `kspace export`.
struct NetworkCommandTests {
  /// A network of one convolution that passes half of its input on.
  private func write(_ name: String, _ description: String, in scene: QSMScene) throws -> ONNXModel {
    var graph = ONNXGraph(name: "half")
    graph.constants["weight"] = ONNXTensor([0.5], shape: [1, 1, 1, 1, 1])
    graph.inputs = [ONNXValue("field", shape: [1, 1, nil, nil, nil])]
    graph.outputs = [ONNXValue("chi", shape: nil)]
    graph.nodes = [ONNXNode("Conv", ["field", "weight"], ["chi"])]
    try ONNXModel(graph).write(to: scene.folder.path("\(name).onnx"))
    try description.write(toFile: scene.folder.path("\(name).json"), atomically: true, encoding: .utf8)
    return try ONNXModel(contentsOf: scene.folder.path("\(name).onnx"))
  }

  @Test("a network in a file gives a map, and the record names it, its fingerprint and its licence")
  func network() throws {
    let scene = try QSMScene()
    try scene.write()
    let model = try write(
      "half", #"{ "Name": "Half", "License": "free to use", "VoxelSize": [1, 1, 1] }"#, in: scene)
    let inputs = [
      "--phase", "phase.nii.gz", "--magnitude", "mag.nii.gz", "--mask", scene.mask, "--echo-times",
      "4ms,8ms,12ms,16ms", "--field-strength", "3T", "--phase-sign", "positive", "--inversion", "network",
    ]
    let result = try scene.run(inputs + ["--model", "half.onnx", "-o", "out"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("warning: Half was trained on voxels of 1.0 x 1.0 x 1.0 mm"))
    #expect(try scene.map("out").contains { $0 != 0 })
    let record = try String(contentsOfFile: scene.folder.path("out/provenance.json"), encoding: .utf8)
    for text in ["Half", model.digest, "free to use"] { #expect(record.contains(text), "\(text)") }

    let missing = try scene.run(inputs + ["--model", "ir2qsm", "-o", "more"])
    #expect(missing.status == 3 && missing.errors.contains("QSM_MODEL_DIR"), "\(missing.errors)")
    // Without a name it is the one in the box.
    let own = try scene.run(inputs + ["-o", "own"])
    #expect(own.status == 0, "\(own.errors)")
    #expect(try scene.run(inputs + ["--model", "unrolled", "-o", "named"]).status == 0)
    #expect(try scene.map("own") == scene.map("named"))
    let ownRecord = try String(contentsOfFile: scene.folder.path("own/provenance.json"), encoding: .utf8)
    for text in ["Unrolled", "Apache-2.0", "weights SHA-256"] { #expect(ownRecord.contains(text), "\(text)") }
    let damaged = try scene.run(inputs + ["--model", "phase.nii.gz", "-o", "more"])
    #expect(damaged.status == 3 && damaged.errors.contains("not an ONNX model"), "\(damaged.errors)")
  }

  @Test("a study takes a network, and keeps what its maps follow from")
  func study() throws {
    let scene = try QSMScene()
    let model = try write("half", #"{ "Name": "Half" }"#, in: scene)
    let arguments = [
      "study", scene.head.path("head.h5"), "-o", "study", "--methods", "zero-filled", "--accelerations", "2",
      "--calibration", "16x16", "--mask", scene.mask,
    ]
    let missing = try Command.run(arguments + ["--model", "nowhere.onnx"], in: scene.folder)
    #expect(missing.status == 3 && missing.errors.contains("nowhere.onnx"), "\(missing.errors)")
    let result = try Command.run(arguments + ["--model", "half.onnx"], in: scene.folder)
    #expect(result.status == 0, "\(result.errors)")
    let files = try #require(FileManager.default.enumerator(atPath: scene.folder.path("study")))
    let records = files.compactMap { $0 as? String }.filter { $0.hasSuffix(".json") }.filter {
      (try? String(contentsOfFile: scene.folder.path("study/\($0)"), encoding: .utf8))?
        .contains(model.digest) == true
    }
    #expect(!records.isEmpty)
  }

  @Test("export writes ReconNet3D, and nothing over a file that exists")
  func export() throws {
    let scene = try QSMScene()
    let result = try Command.run(["export", "onnx", "-o", "net.onnx"], in: scene.folder)
    #expect(result.status == 0, "\(result.errors)")
    let model = try ONNXModel(contentsOf: scene.folder.path("net.onnx"))
    #expect(model.graph.inputs.map(\.name).contains("samples"))
    #expect(model.graph.nodes.count(where: { $0.kind == "Conv" }) == 25)
    #expect(try Command.run(["export", "onnx", "-o", "net.onnx"], in: scene.folder).status == 3)
    #expect(try Command.run(["export", "onnx", "-o", "net.txt"], in: scene.folder).status == 2)
  }
}
