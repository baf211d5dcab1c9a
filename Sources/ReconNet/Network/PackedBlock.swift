import CConvolution
import MRIData
import NDArrays
import Numerics
import VolumeNetworks

/// The convolutions of a block, ready to run.
struct PackedBlock<Consistency: CascadeConsistency>: Sendable {
  let consistency: Consistency
  private let first: PackedLayer
  private let hidden: [PackedLayer]
  private let last: PackedLayer
  private let isResidual: Bool
  private let path: convolution_path

  init(_ block: CascadeWeights<Consistency>.Block, slope: Float, isResidual: Bool, path: convolution_path) {
    consistency = block.consistency
    self.isResidual = isResidual
    self.path = path
    let layers = block.convolutions
    first = PackedLayer(layers[0], .first, slope: slope, path: path)
    hidden = layers[1..<layers.count - 1].map { PackedLayer($0, .hidden, slope: slope, path: path) }
    last = PackedLayer(layers[layers.count - 1], .last, slope: 1, path: path)
  }

  /// The number of channels of every layer but the last.
  var outputs: [Int] { [first.outputs] + hidden.map(\.outputs) }

  /// The number of bytes of the weights.
  var bytes: Int { first.bytes + hidden.map(\.bytes).reduce(0, +) + last.bytes }

  /// The planes and rows of the last layer that a worker takes at once.
  private static var box: (planes: Int, rows: Int) { (planes: 8, rows: 64) }

  /// The number of floats that a task needs, whatever its layer.
  func scratch(_ windows: LayerWindows) -> Int {
    // The last step may be longer by what the layers lag behind.
    let length = Int64(windows.step + 2 * windows.slices.count)
    let sizes =
      hidden.map { convolution_hidden_scratch(path, Int64($0.inputs), Int64($0.outputs)) } + [
        convolution_first_scratch(length),
        convolution_last_scratch(Int64(Self.box.planes), length),
      ]
    return Int(sizes.max() ?? 0)
  }

  /// Adds the convolutions of an image `[z, y, x]` to it, or replaces it where the block is not residual.
  ///
  /// - Parameters:
  ///   - image: The image, in place.
  ///   - windows: Where the layers' outputs are.
  ///   - memory: The windows' memory.
  ///   - scratch: Memory for the tasks.
  ///   - gang: Who works.
  func apply(
    to image: SharedBuffer<Complex<Float>>, _ matrix: Extents, _ windows: LayerWindows,
    _ memory: UnsafeMutablePointer<Float>, _ scratch: ScratchPool, _ gang: Gang
  ) {
    guard let start = image.elements.baseAddress else { return }
    let image = ImagePointer(
      values: UnsafeMutableRawPointer(start).assumingMemoryBound(to: Float.self),
      grid: convolution_grid(z: Int64(matrix.z), y: Int64(matrix.y), x: Int64(matrix.x)))
    let rings = windows.slices.indices.map { Ring(window: windows.window($0, in: memory)) }
    for step in windows.schedule {
      for (layer, range) in step.enumerated() where !range.isEmpty {
        let range = convolution_range(range)
        if layer == 0 {
          computeFirst(image, rings[0], range, scratch, gang)
        } else if layer <= hidden.count {
          computeHidden(hidden[layer - 1], image.grid, rings[layer - 1], rings[layer], range, scratch, gang)
        } else {
          computeLast(image, rings[layer - 1], range, scratch, gang)
        }
      }
    }
  }

  private func computeFirst(
    _ image: ImagePointer, _ target: Ring, _ x: convolution_range, _ scratch: ScratchPool, _ gang: Gang
  ) {
    let rows = Int(image.grid.z * image.grid.y), length = 64
    gang.forEach((rows + length - 1) / length) { [path, first] block in
      scratch.withScratch { scratch in
        first.withLayer { layer in
          convolution_first(
            path, image.grid, layer, image.values, target.window,
            convolution_range(block * length..<min(rows, (block + 1) * length)), x, scratch)
        }
      }
    }
  }

  private func computeHidden(
    _ layer: PackedLayer, _ grid: convolution_grid, _ source: Ring, _ target: Ring, _ x: convolution_range,
    _ scratch: ScratchPool, _ gang: Gang
  ) {
    let tiles = Int(convolution_hidden_tiles(grid))
    let length = Int(convolution_hidden_block(path, Int64(layer.inputs), Int64(layer.outputs)))
    gang.forEach((tiles + length - 1) / length) { [path] block in
      scratch.withScratch { scratch in
        layer.withLayer { layer in
          convolution_hidden(
            path, grid, layer, source.window, target.window,
            convolution_range(block * length..<min(tiles, (block + 1) * length)), x, scratch)
        }
      }
    }
  }

  private func computeLast(
    _ image: ImagePointer, _ source: Ring, _ x: convolution_range, _ scratch: ScratchPool, _ gang: Gang
  ) {
    let planes = Int(image.grid.z), rows = Int(image.grid.y), box = Self.box
    let across = (rows + box.rows - 1) / box.rows, down = (planes + box.planes - 1) / box.planes
    gang.forEach(across * down) { [path, last, isResidual] index in
      let z = index / across * box.planes, y = index % across * box.rows
      scratch.withScratch { scratch in
        last.withLayer { layer in
          convolution_last(
            path, image.grid, layer, source.window, image.values, isResidual ? 1 : 0,
            convolution_range(z..<min(planes, z + box.planes)),
            convolution_range(y..<min(rows, y + box.rows)),
            x, scratch)
        }
      }
    }
  }
}

/// An image of two channels that several threads read, and write each in its own part.
private struct ImagePointer: @unchecked Sendable {
  let values: UnsafeMutablePointer<Float>
  let grid: convolution_grid
}

/// A window that several threads read, and write each in its own part.
private struct Ring: @unchecked Sendable {
  let window: convolution_window
}

extension convolution_range {
  fileprivate init(_ range: Range<Int>) {
    self.init(first: Int64(range.lowerBound), end: Int64(range.upperBound))
  }
}
