import MRIData
import NDArrays
import Numerics
import Synchronization

/// The predicted lines of a few channels at a time, computed when they are asked for.
///
/// All channels of a block share the factorisations that their weights follow from; the more memory a block may take,
/// the less often these are computed.
final class FilledBlocks: Sendable {
  private let plan: FillingPlan
  private let gaps: [SamplingMask]
  /// The number of channels of a block.
  private let length: Int
  private let current = Mutex<Block?>(nil)

  /// The predicted lines of some channels.
  private struct Block: Sendable {
    let channels: Range<Int>
    let table: LineTable
    /// The samples, axes `[row, kx]`.
    let samples: NDArray<Complex<Float>>
  }

  init(_ plan: FillingPlan, memory: Int = GRAPPA.blockMemory) {
    self.plan = plan
    gaps = plan.gaps
    let lines = gaps.reduce(0) { $0 + $1.acquiredCount }
    let channelSize = max(1, lines * plan.scan.readoutLength * MemoryLayout<Complex<Float>>.stride)
    length = max(1, memory / channelSize)
  }

  /// Predicts the lines of some channels, and of those after them that fit into memory, on all threads.
  func prepare(_ channels: Range<Int>) throws(ParallelImagingError) {
    try current.withLock { (current) throws(ParallelImagingError) in
      if let block = current, channels.clamped(to: block.channels) == channels { return }
      // The last block goes before the next one comes.
      current = nil
      // Whole batches, so that none falls between two blocks.
      let batches = max(1, length / channels.count)
      let end = min(plan.scan.channels, channels.lowerBound + batches * channels.count)
      current = try block(channels.lowerBound..<max(end, channels.upperBound))
    }
  }

  private func block(_ channels: Range<Int>) throws(ParallelImagingError) -> Block {
    let table = LineTable(gaps, channels: channels.count)
    var samples = NDArray<Complex<Float>>(repeating: .zero, shape: [table.count, plan.scan.readoutLength])
    try samples.withUnsafeMutableBufferPointer { (samples) throws(ParallelImagingError) in
      try plan.fill(GapTarget(samples: SharedBuffer(samples), table: table, channels: channels))
    }
    return Block(channels: channels, table: table, samples: samples)
  }

  /// The k-space of one channel, acquired and predicted, axes `[echo, kz, ky, kx]`.
  func channel(_ channel: Int) throws(ParallelImagingError) -> NDArray<Complex<Float>> {
    var volume = plan.scan.channel(channel)
    var block = current.withLock { $0 }
    while block.map({ !$0.channels.contains(channel) }) ?? true {
      try prepare(channel..<channel + 1)
      block = current.withLock { $0 }
    }
    guard let block else { return volume }
    let length = plan.scan.readoutLength, plane = plan.scan.lines * plan.scan.partitions
    volume.withUnsafeMutableBufferPointer { target in
      block.samples.withUnsafeBufferPointer { source in
        for echo in 0..<plan.scan.echoes {
          for position in block.table.positions[echo] {
            let row = block.table.row(
              echo: echo, channel: channel - block.channels.lowerBound, position: position)
            let start = (echo * plane + position) * length
            _ = UnsafeMutableBufferPointer(rebasing: target[start..<start + length])
              .update(fromContentsOf: source[row * length..<(row + 1) * length])
          }
        }
      }
    }
    return volume
  }
}
