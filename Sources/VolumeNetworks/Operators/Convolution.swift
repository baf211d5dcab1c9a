import CConvolution
import NDArrays

/// The weights of a convolution, with what is done to its sums.
struct ConvolutionWeights: Sendable {
  /// Kernels `[output, input, z, y, x]`.
  var kernels: [Float]
  var outputs: Int
  var inputs: Int
  var size: [Int]
  var bias: [Float]
  /// The factor of negative sums; 1 leaves them.
  var slope: Float = 1

  var taps: Int { size.reduce(1, *) }

  /// The same sums times a factor plus an offset, one for each output: a batch normalisation that follows.
  mutating func scale(by factors: [Float], adding offsets: [Float]) {
    let length = inputs * taps
    for output in 0..<outputs {
      for index in output * length..<(output + 1) * length { kernels[index] *= factors[output] }
      bias[output] = bias[output] * factors[output] + offsets[output]
    }
  }

  /// The biases with zeros up to the next block of outputs.
  var paddedBias: NDArray<Float> {
    let padded = Int(convolution_stride(Int64(outputs)))
    return NDArray(bias + Array(repeating: 0, count: padded - outputs), shape: [padded])
  }
}

/// A convolution of 3 x 3 x 3 with zeros around, by the fast algorithm of `CConvolution`.
struct WinogradConvolution: FeatureOperator {
  let layout: FeatureLayout
  private let inputs: FeatureLayout
  private let slope: Float
  private let packed: NDArray<Float>
  private let bias: NDArray<Float>
  private let path: convolution_path

  init(
    _ weights: ConvolutionWeights, from inputs: FeatureLayout, to layout: FeatureLayout,
    path: convolution_path
  ) {
    self.inputs = inputs
    self.layout = layout
    self.path = path
    slope = weights.slope
    bias = weights.paddedBias
    let (from, to) = (Int64(weights.inputs), Int64(weights.outputs))
    let size = Int(convolution_hidden_size(from, to))
    packed = NDArray(uninitializedShape: [size]) { buffer in
      buffer.baseAddress.map { convolution_hidden_pack(path, weights.kernels, from, to, $0) }
    }
  }

  var workBytes: Int {
    let scratch = convolution_hidden_scratch(path, Int64(inputs.channels), Int64(layout.channels))
    return 4 * (Parallelism.threads * Int(scratch) + packed.count)
      + (inputs.isBlocked ? 0 : inputs.blockedBytes) + (layout.isBlocked ? 0 : layout.blockedBytes)
  }

  var products: Double { 27 * Double(inputs.channels) * Double(layout.shape.reduce(1, *)) }

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let source = operands[0].blocked
    operands = []
    let grid = layout.grid, path = path, slope = slope
    let target = FeatureMap(blocked: layout)
    let (from, to) = (Int64(inputs.channels), Int64(layout.channels))
    let scratch = ScratchPool(count: Int(convolution_hidden_scratch(path, from, to)))
    let tiles = Int(convolution_hidden_tiles(grid.kernel))
    let length = Int(convolution_hidden_block(path, from, to)), across = (tiles + length - 1) / length
    // Slices are paired: parts begin at even ones. A part computes two slices more than it needs.
    let parts = max(1, min(grid.x / 16, 64 / across)), part = ((grid.x + parts - 1) / parts + 3) / 4 * 4
    Parallelism.forEach(across * ((grid.x + part - 1) / part)) { [packed, bias] task in
      let tile = task % across * length, x = task / across * part
      source.withVolume { source in
        target.withVolume { target in
          scratch.withScratch { scratch in
            packed.withUnsafeBufferPointer { packed in
              bias.withUnsafeBufferPointer { bias in
                guard let weights = packed.baseAddress, let bias = bias.baseAddress else { return }
                convolution_hidden_volume(
                  path, grid.kernel,
                  convolution_layer(weights: weights, bias: bias, inputs: from, outputs: to, slope: slope),
                  source, target,
                  convolution_range(first: Int64(tile), end: Int64(min(tiles, tile + length))),
                  convolution_range(first: Int64(x), end: Int64(min(grid.x, x + part))), scratch)
              }
            }
          }
        }
      }
    }
    return target.inLayout
  }
}

/// A convolution with any kernel, stride, dilation and margin, or a transposed one, tap by tap.
struct DirectConvolution: FeatureOperator {
  /// The taps that meet the outputs of some indices.
  struct Phase: Sendable {
    var offsets: [convolution_grid]
    var stride: convolution_grid
    var first: convolution_grid
    var step: convolution_grid
    var count: convolution_grid
    var packed: NDArray<Float>
  }

  let layout: FeatureLayout
  private let inputs: FeatureLayout
  private let slope: Float
  private let bias: NDArray<Float>
  private let phases: [Phase]
  private let path: convolution_path

  /// - Parameter margins: The number of zeros before each axis.
  init(
    _ weights: ConvolutionWeights, from inputs: FeatureLayout, to layout: FeatureLayout, stride: [Int],
    dilation: [Int], margins: [Int], path: convolution_path
  ) {
    self.inputs = inputs
    self.layout = layout
    self.path = path
    (slope, bias) = (weights.slope, weights.paddedBias)
    let taps = Self.indices(weights.size)
    let offsets = taps.map { tap in
      Self.grid { tap[$0] * dilation[$0] - margins[$0] }
    }
    let shape = layout.shape
    phases = [
      Phase(
        offsets: offsets, stride: Self.grid { stride[$0] }, first: Self.grid { _ in 0 },
        step: Self.grid { _ in 1 }, count: Self.grid { shape[$0 + 2] },
        packed: Self.packed(weights, taps: Array(taps.indices), path: path))
    ]
  }

  /// The transposed convolution: every input adds its kernel to the outputs.
  ///
  /// ```
  /// y[stride i + dilation t - margin] += w[t] x[i]
  /// ```
  init(
    transposing weights: ConvolutionWeights, from inputs: FeatureLayout, to layout: FeatureLayout,
    stride: [Int],
    dilation: [Int], margins: [Int], path: convolution_path
  ) {
    self.inputs = inputs
    self.layout = layout
    self.path = path
    (slope, bias) = (weights.slope, weights.paddedBias)
    let taps = Self.indices(weights.size), shape = layout.shape
    phases = Self.indices(stride).compactMap { residue -> Phase? in
      let counts = (0..<3).map { (axis: Int) -> Int in
        (shape[axis + 2] - residue[axis] + stride[axis] - 1) / stride[axis]
      }
      guard counts.allSatisfy({ $0 > 0 }) else { return nil }
      // Those taps whose inputs exist: an index of the input is a whole number.
      func distance(_ tap: Int, _ axis: Int) -> Int {
        residue[axis] + margins[axis] - taps[tap][axis] * dilation[axis]
      }
      let meeting = taps.indices.filter { tap in
        (0..<3).allSatisfy { distance(tap, $0) % stride[$0] == 0 }
      }
      let offsets = meeting.map { tap in Self.grid { distance(tap, $0) / stride[$0] } }
      return Phase(
        offsets: offsets, stride: Self.grid { _ in 1 }, first: Self.grid { residue[$0] },
        step: Self.grid { stride[$0] }, count: Self.grid { counts[$0] },
        packed: Self.packed(weights, taps: meeting, path: path))
    }
  }

  private static func grid(_ value: (Int) -> Int) -> convolution_grid {
    convolution_grid(z: Int64(value(0)), y: Int64(value(1)), x: Int64(value(2)))
  }

  /// All indices of a box, the last axis running fastest.
  private static func indices(_ extents: [Int]) -> [[Int]] {
    let (rows, columns) = (extents[1], extents[2])
    return (0..<extents.reduce(1, *)).map { (index: Int) -> [Int] in
      [index / (rows * columns), index / columns % rows, index % columns]
    }
  }

  private static func packed(_ weights: ConvolutionWeights, taps: [Int], path: convolution_path) -> NDArray<
    Float
  > {
    let (inputs, outputs, count) = (Int64(weights.inputs), Int64(weights.outputs), Int64(taps.count))
    var chosen = weights.kernels
    if taps.count != weights.taps {
      let pairs = weights.outputs * weights.inputs
      chosen = (0..<pairs).flatMap { pair in taps.map { weights.kernels[pair * weights.taps + $0] } }
    }
    // Without taps there is nothing but the bias.
    let size = max(16, Int(convolution_taps_size(inputs, outputs, count)))
    return NDArray(uninitializedShape: [size]) { buffer in
      buffer.initialize(repeating: 0)
      if let start = buffer.baseAddress, !taps.isEmpty {
        convolution_taps_pack(path, chosen, inputs, outputs, count, start)
      }
    }
  }

  var workBytes: Int {
    phases.reduce(0) { $0 + 4 * $1.packed.count } + (inputs.isBlocked ? 0 : inputs.blockedBytes)
      + (layout.isBlocked ? 0 : layout.blockedBytes)
  }

  var products: Double {
    let places = phases.reduce(0) {
      $0 + Double($1.offsets.count) * Double($1.count.z) * Double($1.count.y) * Double($1.count.x)
    }
    return places * Double(inputs.channels) * Double(layout.channels)
  }

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let source = operands[0].blocked
    operands = []
    let from = inputs.grid, to = layout.grid, path = path, slope = slope
    let target = FeatureMap(blocked: layout)
    let (channels, outputs) = (Int64(inputs.channels), Int64(layout.channels))
    for phase in phases {
      let rows = Int(phase.count.z * phase.count.y), length = max(1, min(16, rows / 32))
      Parallelism.forEachBlock(of: rows, length: length) { [bias] rows in
        source.withVolume { source in
          target.withVolume { target in
            phase.packed.withUnsafeBufferPointer { packed in
              bias.withUnsafeBufferPointer { bias in
                phase.offsets.withUnsafeBufferPointer { offsets in
                  guard let weights = packed.baseAddress, let bias = bias.baseAddress else { return }
                  var none = convolution_grid()
                  withUnsafePointer(to: &none) { none in
                    let taps = convolution_taps(
                      taps: Int64(offsets.count), offsets: offsets.baseAddress ?? none, stride: phase.stride,
                      first: phase.first, step: phase.step, count: phase.count)
                    convolution_any(
                      path, from.kernel, to.kernel,
                      convolution_layer(
                        weights: weights, bias: bias, inputs: channels, outputs: outputs, slope: slope),
                      taps, source, target,
                      convolution_range(first: Int64(rows.lowerBound), end: Int64(rows.upperBound)))
                  }
                }
              }
            }
          }
        }
      }
    }
    return target.inLayout
  }
}
