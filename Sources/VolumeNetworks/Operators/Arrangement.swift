import NDArrays

/// Channels of several volumes in another order: joining, parting, cutting.
struct ChannelSelection: FeatureOperator {
  let layout: FeatureLayout
  let inputs: [FeatureLayout]
  /// Which operand and which of its channels each channel is; `nil` for a constant one.
  let channels: [(operand: Int, channel: Int)?]
  let fill: Float

  /// Whether a block of the result is one of an operand, as it is.
  func wholeBlock(_ block: Int) -> (operand: Int, block: Int)? {
    guard let (operand, channel) = channels[16 * block], channel % 16 == 0, inputs[operand].isBlocked else {
      return nil
    }
    for lane in 0..<min(16, channels.count - 16 * block) {
      guard let other = channels[16 * block + lane], other == (operand, channel + lane) else { return nil }
    }
    return (operand, channel / 16)
  }

  /// The operands' blocks that the result shares.
  var sharedBlocks: [(operand: Int, block: Int)?] {
    layout.isBlocked ? (0..<layout.blocks).map { wholeBlock($0) } : [nil]
  }

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let sources = operands, grid = layout.grid
    operands = []
    let shared = sharedBlocks
    if layout.isBlocked {
      let buffers = (0..<layout.blocks).map { block -> FeatureBuffer in
        if let (operand, place) = shared[block] { return sources[operand].buffers[place] }
        let target = FeatureBuffer(count: grid.blockCount)
        copy(block, of: sources, to: target)
        return target
      }
      return FeatureMap(layout, buffers: buffers, isBlocked: true)
    }
    let blocked = FeatureMap(blocked: layout)
    for block in 0..<layout.blocks { copy(block, of: sources, to: blocked.buffers[block]) }
    return blocked.dense
  }

  private func copy(_ block: Int, of sources: [FeatureMap], to target: FeatureBuffer) {
    let grid = layout.grid, lanes = min(16, channels.count - 16 * block)
    for offset in target.elements.indices where lanes < 16 { target[offset] = 0 }
    for lane in 0..<lanes {
      guard let (operand, channel) = channels[16 * block + lane] else {
        for voxel in 0..<target.elements.count / 16 { target[16 * voxel + lane] = fill }
        continue
      }
      let source = sources[operand]
      let values = source.buffers[source.isBlocked ? channel / 16 : 0]
      Parallelism.forEachBlock(of: grid.rows, length: 64) { rows in
        for row in rows {
          let first =
            source.isBlocked ? row * grid.pitch + channel % 16 : (channel * grid.rows + row) * grid.x
          let step = source.isBlocked ? 16 : 1
          for x in 0..<grid.x { target[row * grid.pitch + 16 * x + lane] = values[first + step * x] }
        }
      }
    }
  }

  var workBytes: Int { layout.isBlocked ? 0 : layout.blockedBytes }
}

/// An operator whose voxels come from those of its operand at other places, all channels alike.
protocol Relocation: FeatureOperator {
  /// The result's layout.
  var layout: FeatureLayout { get }
  /// The operand's layout.
  var inputs: FeatureLayout { get }
}

extension Relocation {
  var workBytes: Int {
    (inputs.isBlocked ? 0 : inputs.blockedBytes) + (layout.isBlocked ? 0 : layout.blockedBytes)
  }

  /// Makes each voxel of the result, at `(z, y, x)`, from the operand's, 16 channels at a time.
  @inline(__always)
  fileprivate func relocated(
    _ operands: inout [FeatureMap],
    _ value:
      @Sendable (_ z: Int, _ y: Int, _ x: Int, _ voxel: (Int, Int, Int) -> SIMD16<Float>) -> SIMD16<Float>
  ) -> FeatureMap {
    let source = operands[0].blocked
    operands = []
    let from = inputs.grid, to = layout.grid, target = FeatureMap(blocked: layout)
    let sources = source.buffers, targets = target.buffers
    Parallelism.forEach(layout.blocks * to.rows) { index in
      let block = index / to.rows, row = index % to.rows
      guard let start = sources[block].elements.baseAddress, let end = targets[block].elements.baseAddress
      else { return }
      for x in 0..<to.x {
        let result = value(row / to.y, row % to.y, x) { z, y, x in
          UnsafeRawPointer(start + (z * from.y + y) * from.pitch + 16 * x).load(as: SIMD16<Float>.self)
        }
        UnsafeMutableRawPointer(end + row * to.pitch + 16 * x).storeBytes(of: result, as: SIMD16<Float>.self)
      }
    }
    return target.inLayout
  }
}

/// Voxels at other places: cutting, padding, flipping, the nearest voxels of a finer grid.
struct VoxelSelection: Relocation {
  let layout: FeatureLayout
  let inputs: FeatureLayout
  /// The index of the operand for each index of the result along each axis; negative for a constant voxel.
  let indices: [[Int]]
  let fill: Float

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    relocated(&operands) { z, y, x, voxel in
      let (z, y, x) = (indices[0][z], indices[1][y], indices[2][x])
      return z < 0 || y < 0 || x < 0 ? SIMD16<Float>(repeating: fill) : voxel(z, y, x)
    }
  }
}

/// A volume on another grid, linear between the voxels of the first.
struct LinearResampling: Relocation {
  /// Where an index of the result lies: between two indices, with the weight of the second.
  struct Place: Sendable {
    var first: Int
    var second: Int
    var weight: Float
  }

  let layout: FeatureLayout
  let inputs: FeatureLayout
  let places: [[Place]]

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    relocated(&operands) { z, y, x, voxel in
      let (z, y, x) = (places[0][z], places[1][y], places[2][x])
      func line(_ z: Int, _ y: Int) -> SIMD16<Float> {
        let first = voxel(z, y, x.first)
        return first + x.weight * (voxel(z, y, x.second) - first)
      }
      func plane(_ z: Int) -> SIMD16<Float> {
        let first = line(z, y.first)
        return first + y.weight * (line(z, y.second) - first)
      }
      let first = plane(z.first)
      return first + z.weight * (plane(z.second) - first)
    }
  }
}

/// The same elements with other axes.
struct Reshaping: FeatureOperator {
  let layout: FeatureLayout
  let inputs: FeatureLayout

  var workBytes: Int { 4 * inputs.count }

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let source = operands[0].dense
    operands = []
    return FeatureMap(layout, buffers: source.buffers, isBlocked: false).inLayout
  }
}

/// The axes in another order.
struct Transposition: FeatureOperator {
  let layout: FeatureLayout
  let inputs: FeatureLayout
  /// Which axis of the operand each axis of the result is.
  let order: [Int]

  var workBytes: Int { 8 * inputs.count }

  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap {
    let source = operands[0].dense
    operands = []
    let target = FeatureMap(dense: layout.shape)
    let values = source.buffers[0], results = target.buffers[0]
    let shape = layout.shape, strides = inputs.shape.strides, steps = order.map { strides[$0] }
    let length = shape.last ?? 1
    Parallelism.forEachBlock(of: layout.count / max(1, length), length: 256) { rows in
      for row in rows {
        var rest = row, offset = 0
        for axis in shape.indices.dropLast().reversed() {
          offset += rest % shape[axis] * steps[axis]
          rest /= shape[axis]
        }
        let step = steps.last ?? 1
        for index in 0..<length { results[row * length + index] = values[offset + index * step] }
      }
    }
    return target.inLayout
  }
}

extension [Int] {
  /// The distance of neighbours along each axis of a dense array.
  var strides: [Int] {
    var strides = Array(repeating: 1, count: count)
    for axis in indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * self[axis + 1] }
    return strides
  }
}
