import CConvolution
import NDArrays

/// How an array that a network computes lies in memory, which follows from its shape alone.
///
/// Volumes `[1, channel, z, y, x]` with several channels lie in blocks of 16 channels, as the kernels take them:
///
/// ```
/// block[c / 16]: (z * y extent + y) * pitch + x * 16 + c % 16
/// ```
///
/// Blocks are joined and parted without a copy. Everything else is dense, the last axis running fastest.
struct FeatureLayout: Equatable, Sendable {
  /// The extents.
  let shape: [Int]

  /// With fewer channels, a volume is dense: sixteen of which one counts would waste memory.
  private static let leastChannels = 4

  var count: Int { shape.reduce(1, *) }
  /// Whether the array is a volume that the kernels can take.
  var isVolume: Bool { shape.count == 5 && shape[0] == 1 }
  /// Whether it lies in blocks.
  var isBlocked: Bool { isVolume && shape[1] >= Self.leastChannels }
  var channels: Int { shape[1] }
  var grid: VolumeGrid { VolumeGrid(z: shape[2], y: shape[3], x: shape[4]) }
  /// The number of blocks that the channels take.
  var blocks: Int { (channels + 15) / 16 }

  /// The bytes of each buffer.
  var bufferBytes: Int { (isBlocked ? grid.blockCount : count) * MemoryLayout<Float>.stride }
  /// The number of buffers.
  var buffers: Int { isBlocked ? blocks : 1 }
  /// The bytes that it takes in blocks.
  var blockedBytes: Int { blocks * grid.blockCount * MemoryLayout<Float>.stride }
}

/// The extents of a volume.
struct VolumeGrid: Equatable, Sendable {
  var z: Int
  var y: Int
  var x: Int

  /// The floats from one row of a block to the next; an odd number of cache lines, lest rows share a few sets.
  var pitch: Int { 16 * (x | 1) }
  /// The floats of a block.
  var blockCount: Int { z * y * pitch }
  var rows: Int { z * y }

  subscript(_ axis: Int) -> Int { axis == 0 ? z : axis == 1 ? y : x }

  var kernel: convolution_grid { convolution_grid(z: Int64(z), y: Int64(y), x: Int64(x)) }
}

/// An array that a network computes.
struct FeatureMap: Sendable {
  let layout: FeatureLayout
  /// The blocks, or one dense buffer.
  var buffers: [FeatureBuffer]
  /// Whether the elements lie in blocks now.
  let isBlocked: Bool

  /// Memory for a volume in blocks, not yet written.
  init(blocked layout: FeatureLayout) {
    self.init(
      layout, buffers: (0..<layout.blocks).map { _ in FeatureBuffer(count: layout.grid.blockCount) },
      isBlocked: true)
  }

  init(_ layout: FeatureLayout, buffers: [FeatureBuffer], isBlocked: Bool) {
    self.layout = layout
    self.buffers = buffers
    self.isBlocked = isBlocked
  }

  /// A copy of an array.
  init(_ array: NDArray<Float>, shape: [Int]) {
    let dense = FeatureMap(dense: shape)
    array.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      withExtendedLifetime(dense) { dense.buffers[0].values.update(from: start, count: source.count) }
    }
    self = dense.inLayout
  }

  /// Dense memory, whatever the layout of the shape is.
  init(dense shape: [Int]) {
    layout = FeatureLayout(shape: shape)
    buffers = [FeatureBuffer(count: layout.count)]
    isBlocked = false
  }

  /// The same elements in the layout of their shape.
  var inLayout: FeatureMap { layout.isBlocked ? blocked : dense }

  /// The elements, the last axis running fastest.
  var array: NDArray<Float> {
    let source = dense
    return NDArray(uninitializedShape: layout.shape) { target in
      withExtendedLifetime(source) {
        target.baseAddress?.initialize(from: source.buffers[0].values, count: target.count)
      }
    }
  }

  /// The elements in blocks of channels.
  var blocked: FeatureMap {
    guard !isBlocked else { return self }
    let grid = layout.grid, channels = layout.channels
    let source = buffers[0]
    let result = FeatureMap(blocked: layout), targets = result.buffers
    Parallelism.forEach(layout.blocks * grid.rows) { index in
      let block = index / grid.rows, row = index % grid.rows
      let target = targets[block], count = min(16, channels - 16 * block)
      let first = row * grid.pitch
      // A voxel of padding, too: operators go over whole rows.
      for offset in first..<first + grid.pitch { target[offset] = 0 }
      for channel in 0..<count {
        let from = ((16 * block + channel) * grid.rows + row) * grid.x
        for x in 0..<grid.x { target[first + 16 * x + channel] = source[from + x] }
      }
    }
    return result
  }

  /// The elements without blocks.
  var dense: FeatureMap {
    guard isBlocked else { return self }
    let grid = layout.grid, channels = layout.channels
    let result = FeatureMap(dense: layout.shape), target = result.buffers[0]
    let sources = buffers
    Parallelism.forEach(layout.blocks * grid.rows) { index in
      let block = index / grid.rows, row = index % grid.rows, source = sources[block]
      for channel in 0..<min(16, channels - 16 * block) {
        let to = ((16 * block + channel) * grid.rows + row) * grid.x
        for x in 0..<grid.x { target[to + x] = source[row * grid.pitch + 16 * x + channel] }
      }
    }
    return result
  }

  /// Calls a closure with what the kernels take.
  func withVolume<Result>(_ body: (convolution_volume) -> Result) -> Result {
    let pointers = buffers.map(\.values)
    return pointers.withUnsafeBufferPointer { pointers in
      guard let start = pointers.baseAddress else { preconditionFailure("a volume without channels") }
      return withExtendedLifetime(buffers) {
        body(convolution_volume(blocks: start, pitch: Int64(layout.grid.pitch)))
      }
    }
  }
}
