import CConvolution
import Foundation
import NDArrays
import Testing

@testable import VolumeNetworks

@Suite("Networks in ONNX equal PyTorch")
struct GoldenTests {
  @Test("layer by layer, and whole small copies of published ones", arguments: GoldenNetwork.names)
  func golden(name: String) throws {
    let golden = try GoldenNetwork(name), best = convolution_best_path()
    let model = try ONNXModel(contentsOf: golden.path)
    for path in [convolution_baseline, convolution_avx2, convolution_avx512]
    where path.rawValue <= best.rawValue {
      let network = VolumeNetwork(model, path: path)
      let prepared = try network.prepared(for: ["input": golden.input.shape])
      let result = try #require(prepared(["input": golden.input])["output"])
      #expect(result.shape == golden.result.shape)
      #expect(prepared.outputShapes["output"] == golden.result.shape)
      // Single precision against PyTorch's double.
      #expect(largestDifference(result, golden.result) < 5e-6)
    }
  }

  @Test("There are networks of all architectures")
  func all() {
    #expect(GoldenNetwork.names.count > 30)
    #expect(
      Set(["qsmnet", "xqsm", "chi_sepnet", "ir2qsm", "pocsnet", "lpcnn", "modl_qsm"])
        .isSubset(of: GoldenNetwork.names))
  }

  @Test("and give the same bits on any number of threads", arguments: ["ir2qsm", "qsmnet", "xqsm", "slices"])
  func threads(name: String) throws {
    let golden = try GoldenNetwork(name)
    let network = try VolumeNetwork(contentsOf: golden.path).prepared(for: ["input": golden.input.shape])
    let results = [1, 2, 3].map { count in
      Parallelism.withThreads(count) { network(["input": golden.input])["output"] }
    }
    #expect(results[0] == results[1] && results[1] == results[2])
  }

  @Test("Products are those of weights and the values that they meet")
  func products() throws {
    // Outputs, inputs, taps and places; a kernel of 2 with stride 2 meets each value once for every tap.
    let factors: [String: [Double]] = [
      "conv3": [18, 20, 27, 5 * 6 * 9], "conv1": [20, 3, 1, 5 * 6 * 7], "deconv2": [7, 18, 8, 4 * 3 * 5],
    ]
    for (name, factors) in factors {
      let golden = try GoldenNetwork(name)
      let network = try VolumeNetwork(contentsOf: golden.path).prepared(for: ["input": golden.input.shape])
      #expect(network.products == factors.reduce(1, *), "\(name)")
    }
  }

  @Test("and run again on what they are given again")
  func again() throws {
    let golden = try GoldenNetwork("ir2qsm")
    let network = try VolumeNetwork(contentsOf: golden.path).prepared(for: ["input": golden.input.shape])
    let first = network(["input": golden.input])["output"]
    _ = network(["input": golden.input.map { $0 + 1 }])
    #expect(network(["input": golden.input])["output"] == first)
  }

  @Test("What a model holds survives writing and reading", arguments: GoldenNetwork.names)
  func writing(name: String) throws {
    let golden = try GoldenNetwork(name)
    let model = try ONNXModel(contentsOf: golden.path)
    let again = try ONNXModel(data: model.encoded, path: "again")
    #expect(again.graph.constants == model.graph.constants && again.graph.inputs == model.graph.inputs)
    #expect(again.operatorVersion == model.operatorVersion)
    let results = try [model, again].map {
      try VolumeNetwork($0).prepared(for: ["input": golden.input.shape])(["input": golden.input])["output"]
    }
    #expect(results[0] == results[1])
  }
}
