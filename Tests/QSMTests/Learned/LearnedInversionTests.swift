import Foundation
import MRIData
import NDArrays
import TestSupport
import Testing
import VolumeNetworks

@testable import QSM

@Suite("Susceptibility by networks")
struct LearnedInversionTests {
  private let folder: TemporaryDirectory
  private static let matrix = Extents(x: 9, y: 11, z: 13)

  init() throws { folder = try TemporaryDirectory() }

  /// A network of one convolution with one tap, which moves volumes along its first axis, in a file.
  private func network(
    _ description: String? = nil, named name: String = "net", shift: Int = 0, factor: Float = 1,
    bias: Float = 0,
    channels: Int = 1, extents: [Int?] = [nil, nil, nil], stride: Int = 1, metadata: [String: String] = [:]
  ) throws -> NetworkFile {
    var graph = ONNXGraph(name: name)
    var kernels = Array(repeating: Float(0), count: channels * channels * 27)
    // The tap before a voxel brings its neighbour: values move forwards.
    for channel in 0..<channels {
      kernels[(channel * channels + channel) * 27 + 9 * (1 - shift) + 4] = factor
    }
    graph.constants = [
      "weight": ONNXTensor(kernels, shape: [channels, channels, 3, 3, 3]),
      "bias": ONNXTensor(Array(repeating: bias, count: channels), shape: [channels]),
    ]
    graph.inputs = [ONNXValue("field", shape: [1, channels] + extents)]
    graph.outputs = [ONNXValue("chi", shape: nil)]
    graph.nodes = [
      ONNXNode(
        "Conv", ["field", "weight", "bias"], ["chi"],
        attributes: [
          "pads": .ints(Array(repeating: 1, count: 6)), "strides": .ints([stride, stride, stride]),
        ])
    ]
    try ONNXModel(graph, metadata: metadata).write(to: folder.path("\(name).onnx"))
    if let description {
      try description.write(toFile: folder.path("\(name).json"), atomically: true, encoding: .utf8)
    }
    return try NetworkFile(folder.path("\(name).onnx"))
  }

  /// A field in ppm at a strength where one ppm is 100 Hz, and a mask that is not the whole grid.
  private func measurement(_ geometry: Geometry? = nil) -> FieldMeasurement {
    let geometry = geometry ?? Geometry(matrix: Self.matrix, voxelSize: [0.001, 0.001, 0.001])
    let shape = [1] + geometry.matrix.shape
    let field = testPattern(shape, seed: 3).map { 10 * $0.real }
    let mask = testPattern(shape, seed: 4).map { UInt8($0.real > -0.8 ? 1 : 0) }
    return FieldMeasurement(
      field: ImageVolumes(field, geometry: geometry), mask: ImageVolumes(mask, geometry: geometry),
      fieldStrength: 100 / (ScanParameters.protonGyromagneticRatio * 1e-6))
  }

  /// The field [ppm] within the mask.
  private func field(_ measurement: FieldMeasurement) -> NDArray<Float> {
    let mask = measurement.mask[0].elements
    let values = measurement.field[0].elements.enumerated().map {
      mask[$0.offset] == 0 ? 0 : $0.element / 100
    }
    return NDArray(values, shape: measurement.field.geometry.matrix.shape)
  }

  /// A solution as maps are: zero outside of the mask, the mean within it zero.
  private func map(_ solution: NDArray<Float>, _ measurement: FieldMeasurement) -> [Float] {
    let mask = measurement.mask[0].elements, values = solution.elements
    let inside = values.indices.filter { mask[$0] != 0 }
    let mean = Float(inside.reduce(0) { $0 + Double(values[$1]) } / Double(inside.count))
    return values.indices.map { mask[$0] == 0 ? 0 : values[$0] - mean }
  }

  private func largest(_ first: [Float], _ second: [Float]) -> Float {
    zip(first, second).map { abs($0 - $1) }.max() ?? 0
  }

  @Test("Units, normalisation, margins and axes are those of the description", arguments: ["zyx", "xyz"])
  func normalised(axes: String) throws {
    let text = """
      { "Axes": "\(axes)", "InputUnit": "Hz", "InputMean": [3], "InputDeviation": [5], "OutputMean": [0.5],
        "OutputDeviation": [2], "Multiple": 8 }
      """
    let inversion = LearnedInversion(try network(text, shift: 1, factor: 0.7, bias: 0.1))
    let measurement = measurement(), field = field(measurement)
    let result = try inversion(measurement)
    var expected = field
    for z in 0..<Self.matrix.z {
      for y in 0..<Self.matrix.y {
        for x in 0..<Self.matrix.x {
          // Before the first voxel lie zeros of the margin, which the mean does not move.
          let before = axes == "zyx" ? (z > 0 ? field[z - 1, y, x] : nil) : x > 0 ? field[z, y, x - 1] : nil
          let input = before.map { (100 * $0 - 3) / 5 } ?? 0
          expected[z, y, x] = 2 * (0.7 * input + 0.1) + 0.5
        }
      }
    }
    #expect(largest(result.susceptibility[0].elements, map(expected, measurement)) < 2e-5)
    #expect(result.warnings.isEmpty)
  }

  @Test("An unrolled iteration takes gradient steps with the dipole field", arguments: [1, 2])
  func unrolled(channels: Int) throws {
    let lists = channels == 1 ? ("[0.01]", "[0.5]") : ("[0.01, -0.02]", "[0.5, 0.25]")
    let text = """
      { "Unrolling": { "Iterations": 3, "StepSize": 1.5, "Channels": \(channels) }, "InputMean": \(lists.0),
        "InputDeviation": \(lists.1), "OutputMean": \(lists.0), "OutputDeviation": \(lists.1), "Axes": "xyz" }
      """
    let inversion = LearnedInversion(try network(text, factor: 0.9, channels: channels))
    let measurement = measurement(), field = field(measurement), mask = measurement.mask[0].elements
    let kernel = DipoleKernel(measurement.field.geometry)
    let means: [Float] = [0.01, -0.02]
    var x = Array(repeating: NDArray<Float>(repeating: 0, shape: field.shape), count: channels)
    for _ in 0..<3 {
      var residual = field.combined(with: kernel.field(of: x[0])) { $0 - $1 }
      if channels == 2 { residual = residual.combined(with: x[1]) { $0 - $1 } }
      let steps = [kernel.field(of: residual), residual]
      for channel in 0..<channels {
        let estimate = x[channel].combined(with: steps[channel]) { $0 + 1.5 * $1 }
        let values = estimate.elements.enumerated().map { index, value -> Float in
          let inside: Float = mask[index] == 0 ? 0 : 1
          let result = inside * 0.9 * (value - means[channel]) + means[channel]
          return channels == 1 ? inside * result : result
        }
        x[channel] = NDArray(values, shape: field.shape)
      }
    }
    let result = try inversion(measurement)
    #expect(result.iterations == 3)
    #expect(largest(result.susceptibility[0].elements, map(x[0], measurement)) < 2e-5)

    // Time grows with the products of weights and values, which it has one array to hold.
    let matrix = measurement.field.geometry.matrix
    let needs = inversion.needs(for: matrix)
    var larger = matrix
    larger.z += 64
    let padded = matrix.shape.map { Double(($0 + 15) / 16 * 16) }, more = (padded[0] + 64) / padded[0]
    #expect(needs.seconds > 0 && abs(inversion.needs(for: larger).seconds / needs.seconds - more) < 1e-9)
    #expect(needs.memory >= 8 * Double(channels) * padded.reduce(1, *))
    #expect(TotalVariation().needs(for: matrix) == MethodNeeds())
  }

  @Test("Voxels and directions that a network was not trained for are told")
  func warnings() throws {
    let file = try network(#"{ "Name": "Trained", "VoxelSize": [1, 1, 1], "FieldDirection": [0, 0, 1] }"#)
    #expect(try LearnedInversion(file)(measurement()).warnings.isEmpty)
    let other = Geometry(
      matrix: Self.matrix, voxelSize: [0.001, 0.001, 0.002], phaseDirection: [0, cos(0.4), sin(0.4)],
      sliceDirection: [0, -sin(0.4), cos(0.4)])
    let warnings = try LearnedInversion(file)(measurement(other)).warnings
    #expect(warnings.count == 2 && warnings.allSatisfy { $0.hasPrefix("Trained was trained") })
    #expect(warnings[0].contains("1.0 x 1.0 x 2.0 mm"))
  }

  @Test(
    "The description comes from the file beside, the metadata, or what is known; else it is assumed aloud")
  func descriptions() throws {
    #expect(try network(named: "plain").remarks.count == 1)
    let known = try network(named: "qsmnet-plus")
    #expect(known.description.name == "QSMnet+" && known.description.inputDeviation == [0.0205])
    #expect(known.remarks.count == 1)
    for name in ["ir2qsm", "xqsm", "qsmnet", "qsmnet-plus"] {
      #expect(try network(named: name).description.fieldDirection == [0, 0, 1], "\(name)")
    }
    #expect(try network(named: "lpcnn").description.fieldDirection == nil)
    let inside = try network(named: "inside", metadata: ["kspace": #"{ "Name": "Inside", "Multiple": 4 }"#])
    #expect(inside.description.multiple == 4 && inside.remarks.isEmpty)
    let beside = try network(
      #"{ "Name": "Beside" }"#, named: "beside", metadata: ["kspace": #"{ "Name": "Inside" }"#])
    #expect(beside.description.name == "Beside")
    let configuration = LearnedInversion(beside).configuration.description
    #expect(
      configuration.contains(beside.network.model.digest) && configuration.contains("licence not stated"))
  }

  @Test(
    "A description that makes no sense is refused with its key",
    arguments: [
      #"{ "Multiples": 8 }"#, #"{ "Multiple": 0 }"#, #"{ "InputDeviation": [0] }"#,
      #"{ "InputMean": [1, 2] }"#,
      #"{ "Axes": "yxz" }"#, #"{ "VoxelSize": [1, 1] }"#, #"{ "FieldDirection": [0, 0, 0] }"#,
      #"{ "Unrolling": { "Iterations": 0, "StepSize": 1 } }"#, #"{ "Unrolling": { "StepSize": 1 } }"#,
      #"{ "InputUnit": "Hz", "Unrolling": { "Iterations": 3, "StepSize": 1 } }"#,
      #"{ "OutputMean": [1], "Prior": { "Iterations": 1, "LogWeights": [1, 1], "NoiseExponents": [1, 1] } }"#,
      #"{ "Axes": "xyz", "Prior": { "Iterations": 1, "LogWeights": [1, 1], "NoiseExponents": [1, 1] } }"#,
    ])
  func badDescription(text: String) throws {
    let key = try #require(text.split(separator: "\"").dropFirst().first)
    do {
      _ = try network(text)
      Issue.record("\(text) was taken")
    } catch {
      #expect("\(error)".contains(key), "\(error)")
    }
  }

  @Test("Models are found by name in a folder, and their absence says what is there")
  func folders() throws {
    _ = try network("{}", named: "mine")
    #expect(try NetworkFile("mine", in: folder.url.path).remarks.isEmpty)
    #expect(try NetworkFile("mine.onnx", in: folder.url.path).path.hasSuffix("mine.onnx"))
    for (name, place) in [("other", Optional(folder.url.path)), ("other", nil), ("/no/file.onnx", nil)] {
      do {
        _ = try NetworkFile(name, in: place ?? "")
        Issue.record("\(name) was found")
      } catch {
        #expect("\(error)".contains(name) && (place == nil || "\(error)".contains("mine.onnx")), "\(error)")
      }
    }
  }

  @Test("A network that does not fit a field is refused")
  func misfits() throws {
    func message(_ file: NetworkFile) -> String {
      do {
        _ = try LearnedInversion(file)(measurement())
        return "none"
      } catch {
        return "\(error)"
      }
    }
    #expect(message(try network("{}", stride: 2)).contains("same grid"))
    #expect(message(try network("{}", channels: 2)).contains("input field"))
    #expect(message(try network("{}", extents: [8, 16, 16])).contains("takes 8 voxels"))
    #expect(message(try network("{}", extents: [20, 20, 20])) == "none")
    #expect(message(try network("{}", factor: .infinity)).contains("not finite"))
  }
}
