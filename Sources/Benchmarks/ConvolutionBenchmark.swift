import CConvolution
import Foundation
import KSpaceToolkit

/// ReconNet3D with random weights on one volume of one channel, against PyTorch's convolutions alone.
///
/// Operations are those of direct convolution, 2 x 27 per voxel and pair of channels, whatever an algorithm needs.
/// The peer is the best that PyTorch has on a CPU, oneDNN through channels-last tensors; it is spared the transforms
/// and data consistency. The two take turns, so that other work on the machine hits both; on a busy machine the ratio
/// of processor times tells more than that of wall-clock times.
func benchmarkConvolution() throws {
  let path = convolution_best_path()
  print(
    "fused multiply-adds in registers: \(gigaflops(peak(path, threads: 1))) GFLOP/s on 1 thread, "
      + "\(gigaflops(peak(path, threads: Parallelism.threads))) on \(Parallelism.threads)")
  let peer = try ConvolutionPeer()
  if peer == nil { print("no PyTorch in .venv: the peer is left out") }
  for features in [32, 64] {
    for matrix in [
      Extents(x: 64, y: 64, z: 64), Extents(x: 128, y: 128, z: 32), Extents(x: 256, y: 224, z: 72),
    ] {
      try benchmarkNetwork(features, matrix, peer)
    }
    for size in [3, 5] { try benchmarkVolumeNetwork(features, kernels: size) }
  }
}

/// A chain of five convolutions that a graph of ONNX describes.
private func benchmarkVolumeNetwork(_ features: Int, kernels size: Int) throws {
  let shape = [1, features, 32, 128, 128], count = features * features * size * size * size
  var generator = SeededGenerator(seed: 3), graph = ONNXGraph(name: "chain")
  graph.constants["weight"] = ONNXTensor(
    (0..<count).map { _ in Float(generator.normal() / Double(count / features).squareRoot()) },
    shape: [features, features, size, size, size])
  graph.inputs = [ONNXValue("0", shape: nil)]
  graph.outputs = [ONNXValue("5", shape: nil)]
  graph.nodes = (0..<5).map {
    ONNXNode(
      "Conv", ["\($0)", "weight"], ["\($0 + 1)"],
      attributes: ["pads": .ints(Array(repeating: size / 2, count: 6))])
  }
  let network = try VolumeNetwork(ONNXModel(graph)).prepared(for: ["0": shape])
  let input = NDArray<Float>(repeating: 1, shape: shape)
  let time = RunTime.median((0..<3).map { _ in RunTime { _ = network(["0": input]) } })
  let operations = 5 * 2 * Double(shape[2] * shape[3] * shape[4]) * Double(count)
  print(
    String(
      format:
        "VolumeNetwork, %d features, kernels of %d, 128 x 128 x 32: %.2f s, %@ GFLOP/s (%@ per processor), %.0f MB",
      features, size, time.wall, gigaflops(operations / time.wall), gigaflops(operations / time.processors),
      Double(network.memory) / 1e6))
}

private func benchmarkNetwork(_ features: Int, _ matrix: Extents, _ peer: ConvolutionPeer?) throws {
  let network = ReconNet3D(randomWeights(features))
  let images = try network(randomScan(matrix))
  let operations = 5 * 2 * 27 * Double(matrix.count) * Double(4 * features + 3 * features * features)
  // One volume takes seconds: large ones are run once.
  let rounds = operations < 1e12 ? 3 : 1
  _ = matrix.count < 1 << 20 ? try images.channel(0) : nil
  try peer?.prepare(features, matrix)
  var ours: [RunTime] = [], theirs: [RunTime] = []
  for _ in 0..<rounds {
    ours.append(try RunTime { _ = try images.channel(0) })
    if let peer { theirs.append(try peer.run()) }
  }
  let time = RunTime.median(ours)
  var line = String(
    format:
      "ReconNet3D, %d features, %@: %.2f s, %.2f s of processors, %@ GFLOP/s (%@ per processor), %.0f MB",
    features, "\(matrix)", time.wall, time.processors, gigaflops(operations / time.wall),
    gigaflops(operations / time.processors), Double(try network.memory(for: matrix)) / 1e6)
  if let peer {
    let other = RunTime.median(theirs)
    line += String(
      format: "; PyTorch %.2f s, %.2f s of processors, %.0f MB: %.1f and %.1f times as long", other.wall,
      other.processors, try peer.memory() / 1e6, other.wall / time.wall, other.processors / time.processors)
  }
  print(line)
}

private func gigaflops(_ rate: Double) -> String { String(format: "%.0f", rate * 1e-9) }

/// The operations per second of independent fused multiply-adds on some threads at once; the best of five.
private func peak(_ path: convolution_path, threads: Int) -> Double {
  (0..<5).map { _ in
    let clock = ContinuousClock(), iterations: Int64 = 10_000_000
    let seconds =
      clock.measure { Parallelism.forEach(threads) { _ in _ = convolution_peak(path, iterations) } }
      / .seconds(1)
    // Twelve vectors, two operations for each of their numbers.
    let width = path == convolution_avx512 ? 16 : path == convolution_avx2 ? 8 : 4
    return Double(threads) * 24 * Double(width) * Double(iterations) / seconds
  }.max() ?? 0
}

private func randomWeights(_ features: Int) -> ReconNetWeights {
  var generator = SeededGenerator(seed: 1)
  let widths = [2, features, features, features, features, 2]
  let convolutions = (0..<5).map { layer in
    let shape = [widths[layer + 1], widths[layer], 3, 3, 3]
    let deviation = (2 / Double(27 * widths[layer])).squareRoot()
    return ReconNetWeights.Convolution(
      weight: NDArray(
        (0..<shape.reduce(1, *)).map { _ in Float(deviation * generator.normal()) }, shape: shape),
      bias: NDArray(repeating: 0, shape: [widths[layer + 1]]))
  }
  let block = ReconNetWeights.Block(convolutions: convolutions, consistency: .weighted(1))
  return ReconNetWeights(blocks: Array(repeating: block, count: 5))
}

private func randomScan(_ matrix: Extents) -> KSpace {
  var generator = SeededGenerator(seed: 2)
  var mask = SamplingMask(lines: matrix.y, partitions: matrix.z, isAcquired: false)
  for partition in 0..<matrix.z {
    for line in 0..<matrix.y { mask[line: line, partition: partition] = generator.uniform() < 0.25 }
  }
  let isAcquired = mask.isAcquired.elements
  let samples = NDArray<Complex<Float>>(uninitializedShape: [1, 1] + matrix.shape) { target in
    for index in target.indices {
      let sample = Complex(Float(generator.normal()), Float(generator.normal()))
      target.initializeElement(at: index, to: isAcquired[index / matrix.x] ? sample : .zero)
    }
  }
  return KSpace(
    samples: samples, masks: [mask], parameters: ScanParameters(echoTimes: [0.005], fieldStrength: 3),
    geometry: Geometry(matrix: matrix, voxelSize: [0.001, 0.001, 0.001]))
}

/// How long something took.
private struct RunTime {
  /// Seconds on the clock.
  let wall: Double
  /// Seconds of all processors together.
  let processors: Double

  init(wall: Double, processors: Double) {
    self.wall = wall
    self.processors = processors
  }

  init(_ body: () throws -> Void) rethrows {
    let before = clock()
    wall = try ContinuousClock().measure(body) / .seconds(1)
    processors = Double(clock() - before) / Double(CLOCKS_PER_SEC)
  }

  static func median(_ times: [RunTime]) -> RunTime {
    RunTime(
      wall: times.map(\.wall).sorted()[times.count / 2],
      processors: times.map(\.processors).sorted()[times.count / 2])
  }
}

/// PyTorch in a process of its own, which waits for orders.
private final class ConvolutionPeer {
  private let process = Process()
  private let orders = Foundation.Pipe(), answers = Foundation.Pipe()

  /// Starts the peer; `nil` without PyTorch.
  init?() throws {
    let python = ".venv/bin/python", script = "Sources/Benchmarks/convolution_peer.py"
    guard FileManager.default.isExecutableFile(atPath: python), FileManager.default.fileExists(atPath: script)
    else { return nil }
    process.executableURL = URL(filePath: python)
    process.arguments = [script, String(Parallelism.threads)]
    process.standardInput = orders
    process.standardOutput = answers
    try process.run()
    guard try answer() == [0] else { return nil }
  }

  deinit {
    try? orders.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  func prepare(_ features: Int, _ matrix: Extents) throws {
    _ = try ask("prepare \(features) \(matrix.z) \(matrix.y) \(matrix.x)")
  }

  func run() throws -> RunTime {
    let numbers = try ask("run")
    return RunTime(wall: numbers[0], processors: numbers[1])
  }

  /// The largest resident memory since the last preparation [bytes].
  func memory() throws -> Double { try ask("memory")[0] }

  private func ask(_ order: String) throws -> [Double] {
    try orders.fileHandleForWriting.write(contentsOf: Data("\(order)\n".utf8))
    return try answer()
  }

  /// One line of numbers; none when the peer has ended.
  private func answer() throws -> [Double] {
    var line = Data()
    while let byte = try answers.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8),
      !byte.isEmpty
    {
      line.append(byte)
    }
    return String(decoding: line, as: UTF8.self).split(separator: " ").compactMap { Double($0) }
  }
}
