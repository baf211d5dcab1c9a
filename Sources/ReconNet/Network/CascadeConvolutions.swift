import MRIData
import NDArrays
import Numerics
import VolumeNetworks

/// The convolutions of a cascade for volumes of one size, with the memory and the threads that they run in.
final class CascadeConvolutions<Consistency: CascadeConsistency>: Sendable {
  let blocks: [PackedBlock<Consistency>]
  /// The threads, which work on one volume at a time.
  let gang = Gang()
  private let matrix: Extents
  private let windows: LayerWindows
  private let memory: ScratchPool
  private let scratch: ScratchPool

  /// - Parameters:
  ///   - blocks: The blocks.
  ///   - matrix: The volumes.
  ///   - step: The number of slices by which layers advance.
  init(_ blocks: [PackedBlock<Consistency>], matrix: Extents, step: Int) {
    self.blocks = blocks
    self.matrix = matrix
    windows = Self.windows(blocks, matrix, step: step)
    memory = ScratchPool(count: windows.count)
    scratch = ScratchPool(count: blocks.map { [windows] in $0.scratch(windows) }.max() ?? 0)
  }

  /// Windows that serve every block.
  private static func windows(
    _ blocks: [PackedBlock<Consistency>], _ matrix: Extents, step: Int
  ) -> LayerWindows {
    let depth = blocks.map(\.outputs.count).max() ?? 0
    let outputs = (0..<depth).map { layer in
      blocks.map { layer < $0.outputs.count ? $0.outputs[layer] : 0 }.max() ?? 0
    }
    return LayerWindows(matrix, outputs: outputs, step: step)
  }

  /// The largest number of bytes that a run takes beside its volume.
  static func bytes(_ blocks: [PackedBlock<Consistency>], matrix: Extents, step: Int) -> Int {
    let windows = windows(blocks, matrix, step: step)
    let scratch = blocks.map { $0.scratch(windows) }.max() ?? 0
    return (windows.count + Parallelism.threads * scratch) * MemoryLayout<Float>.stride
      + blocks.map(\.bytes).reduce(0, +)
  }

  /// Adds the convolutions of a block to a volume `[z, y, x]`, or replaces it where the block is not residual.
  ///
  /// - Precondition: It is this thread's turn in the ``gang``.
  func apply(_ block: Int, to image: inout NDArray<Complex<Float>>) {
    image.withUnsafeMutableBufferPointer { image in
      memory.withScratch { blocks[block].apply(to: SharedBuffer(image), matrix, windows, $0, scratch, gang) }
    }
  }
}
