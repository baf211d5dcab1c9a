import CConvolution
import NDArrays
import Numerics
import TestSupport

/// One layer of each kind on random numbers, computed by the kernels and by the definition.
struct LayerCase {
  let path: convolution_path
  let shape: [Int]
  let inputs: Int
  let outputs: Int
  var slope: Float = 0.1
  var hiddenWeights: NDArray<Float>
  var bias: NDArray<Float>
  /// What the hidden and the last layer get, axes `[z, y, x, channel]`.
  let features: NDArray<Float>
  private let floats = Floats()
  private let image: NDArray<Float>
  private let firstWeights: NDArray<Float>
  private let lastWeights: NDArray<Float>

  init(shape: [Int], features: Int, outputs: Int? = nil, path: convolution_path) {
    self.path = path
    self.shape = shape
    inputs = features
    self.outputs = outputs ?? features
    func random(_ shape: [Int], _ seed: UInt64) -> NDArray<Float> {
      testPattern(shape, seed: seed).map(\.real)
    }
    image = random(shape + [2], 1)
    self.features = random(shape + [features], 2)
    firstWeights = random([features, 2, 3, 3, 3], 3)
    hiddenWeights = random([self.outputs, features, 3, 3, 3], 4)
    lastWeights = random([2, features, 3, 3, 3], 5)
    bias = random([max(self.outputs, features)], 6)
  }

  private var grid: convolution_grid {
    convolution_grid(z: Int64(shape[0]), y: Int64(shape[1]), x: Int64(shape[2]))
  }

  var firstError: Double {
    let packed = floats.zeros(Int(convolution_first_size(Int64(inputs))))
    convolution_first_pack(path, floats.copy(firstWeights), Int64(inputs), packed)
    let target = Window(shape, inputs, floats),
      scratch = floats.zeros(Int(convolution_first_scratch(Int64(shape[2]))))
    withLayer(packed, 2, inputs) {
      convolution_first(
        path, grid, $0, floats.copy(image), target.window,
        convolution_range(first: 0, end: Int64(shape[0] * shape[1])), whole, scratch)
    }
    return maximumError(target.values, direct(floats.copy(firstWeights), image, 2, inputs))
  }

  var hiddenError: Double {
    maximumError(hidden(cut: nil), direct(floats.copy(hiddenWeights), features, inputs, outputs))
  }

  /// The hidden layer, in two parts along `x` and one task per block of tiles.
  func hidden(cut: Int?) -> NDArray<Float> {
    let packed = floats.zeros(Int(convolution_hidden_size(Int64(inputs), Int64(outputs))))
    convolution_hidden_pack(path, floats.copy(hiddenWeights), Int64(inputs), Int64(outputs), packed)
    let source = Window(shape, inputs, floats), target = Window(shape, outputs, floats)
    source.fill(features)
    let scratch = floats.zeros(Int(convolution_hidden_scratch(path, Int64(inputs), Int64(outputs))))
    let tiles = convolution_hidden_tiles(grid)
    let block = convolution_hidden_block(path, Int64(inputs), Int64(outputs))
    let length = Int64(shape[2]), cuts = [0, Int64(cut ?? shape[2]), length].map { min($0, length) }
    withLayer(packed, inputs, outputs) { layer in
      for (first, end) in zip(cuts, cuts.dropFirst()) where first < end {
        for tile in stride(from: 0, to: tiles, by: Int(block)) {
          convolution_hidden(
            path, grid, layer, source.window, target.window,
            convolution_range(first: tile, end: min(tiles, tile + block)),
            convolution_range(first: first, end: end), scratch)
        }
      }
    }
    return target.values
  }

  var lastError: Double {
    let packed = floats.zeros(Int(convolution_last_size(Int64(inputs))))
    convolution_last_pack(path, floats.copy(lastWeights), Int64(inputs), packed)
    let source = Window(shape, inputs, floats)
    source.fill(features)
    let result = floats.zeros(shape.reduce(2, *))
    // Boxes of unequal extents.
    let planes = Int64(min(3, shape[0])), rows = Int64(min(5, shape[1]))
    let scratch = floats.zeros(Int(convolution_last_scratch(planes, Int64(shape[2]))))
    var layer = self
    layer.slope = 1
    layer.withLayer(packed, inputs, 2) {
      for z in stride(from: 0, to: grid.z, by: Int(planes)) {
        for y in stride(from: 0, to: grid.y, by: Int(rows)) {
          convolution_last(
            path, grid, $0, source.window, result, 0,
            convolution_range(first: z, end: min(grid.z, z + planes)),
            convolution_range(first: y, end: min(grid.y, y + rows)), whole, scratch)
        }
      }
    }
    let values = array(result, shape + [2])
    return maximumError(values, layer.direct(floats.copy(lastWeights), features, inputs, 2))
  }

  private var whole: convolution_range { convolution_range(first: 0, end: Int64(shape[2])) }

  private func withLayer(
    _ weights: UnsafeMutablePointer<Float>, _ inputs: Int, _ outputs: Int, _ body: (convolution_layer) -> Void
  ) {
    let padded = floats.zeros(Int(convolution_stride(Int64(outputs))))
    for index in 0..<outputs { padded[index] = bias[index] }
    body(
      convolution_layer(
        weights: weights, bias: padded, inputs: Int64(inputs), outputs: Int64(outputs), slope: slope))
  }

  private func direct(
    _ weights: UnsafeMutablePointer<Float>, _ source: NDArray<Float>, _ inputs: Int, _ outputs: Int
  ) -> NDArray<Float> {
    let target = floats.zeros(shape.reduce(outputs, *)), source = floats.copy(source)
    withLayer(weights, inputs, outputs) { convolution_direct(grid, $0, source, target) }
    return array(target, shape + [outputs])
  }

  private func array(_ values: UnsafeMutablePointer<Float>, _ shape: [Int]) -> NDArray<Float> {
    NDArray(UnsafeBufferPointer(start: values, count: shape.reduce(1, *)), shape: shape)
  }

  private func maximumError(_ values: NDArray<Float>, _ expected: NDArray<Float>) -> Double {
    let pairs = zip(values.elements, expected.elements)
    let largest = pairs.map { abs(Double($1)) }.max() ?? 0
    return (pairs.map { abs(Double($0) - Double($1)) }.max() ?? .infinity) / largest
  }
}

/// Floats at multiples of 64 bytes that live as long as their case.
final class Floats {
  private var blocks: [UnsafeMutableRawPointer] = []

  func zeros(_ count: Int) -> UnsafeMutablePointer<Float> {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * 4, alignment: 64)
    blocks.append(memory)
    let floats = memory.bindMemory(to: Float.self, capacity: max(1, count))
    floats.initialize(repeating: 0, count: count)
    return floats
  }

  func copy(_ values: NDArray<Float>) -> UnsafeMutablePointer<Float> {
    let floats = zeros(values.count)
    floats.update(from: values.elements, count: values.count)
    return floats
  }

  deinit { blocks.forEach { $0.deallocate() } }
}

/// A whole volume as the kernels see it.
struct Window {
  let window: convolution_window
  private let shape: [Int]
  private let channels: Int
  private let stride: Int

  init(_ shape: [Int], _ channels: Int, _ floats: Floats) {
    self.shape = shape
    self.channels = channels
    stride = Int(convolution_stride(Int64(channels)))
    let pitch = shape[2] * stride + 16
    window = convolution_window(
      values: floats.zeros(shape[0] * shape[1] * pitch), slices: Int64(shape[2]), pitch: Int64(pitch))
  }

  private func offset(_ index: Int) -> Int {
    let voxel = index / channels
    return voxel / shape[2] * Int(window.pitch) + voxel % shape[2] * stride + index % channels
  }

  func fill(_ values: NDArray<Float>) {
    for (index, value) in values.elements.enumerated() { window.values[offset(index)] = value }
  }

  var values: NDArray<Float> {
    NDArray(uninitializedShape: shape + [channels]) { target in
      for index in target.indices { target[index] = window.values[offset(index)] }
    }
  }
}
