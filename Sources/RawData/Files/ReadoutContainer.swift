import NDArrays
import Numerics
import Synchronization

/// A file format that holds readouts.
protocol ReadoutContainer: Sendable {
  /// The XML header's text.
  var xml: String { get }
  /// The headers of all readouts, in the order of the file.
  var acquisitions: [AcquisitionHeader] { get }
  /// The number of messages or data sets that hold no readouts and were left out, by their kind.
  var skipped: [String: Int] { get }
  /// What the user should know of the file itself.
  var findings: [Finding] { get }
  /// The group of an HDF5 file that holds the scan; `nil` for a stream.
  var group: String? { get }

  /// Hands out the samples of a block of readouts, from one thread.
  func readBlock(
    _ indices: ArraySlice<Int>,
    _ body: (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
  ) throws(RawDataError)

  /// The trajectory of one readout, axes `[sample, dimension]`.
  func trajectory(of index: Int) throws(RawDataError) -> [Float]
}

extension ReadoutContainer {
  /// Cuts readouts into blocks that are read at once: a few megabytes, so that several fit in a cache.
  private func blocks(of indices: [Int]) -> [Range<Int>] {
    let limit = 2 << 20
    var blocks: [Range<Int>] = []
    var start = 0
    var bytes = 0
    for (position, index) in indices.enumerated() {
      bytes += acquisitions[index].valueCount * MemoryLayout<Complex<Float>>.stride
      if bytes >= limit || position - start >= 1023 {
        blocks.append(start..<position + 1)
        start = position + 1
        bytes = 0
      }
    }
    if start < indices.count { blocks.append(start..<indices.count) }
    return blocks
  }

  /// Hands out the samples of chosen readouts, from several threads: one reads a block while another one's
  /// `body` works on the block before.
  func forEachReadout(
    _ indices: [Int],
    _ body: @Sendable (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
  ) throws(RawDataError) {
    precondition(
      indices.allSatisfy { acquisitions.indices.contains($0) },
      "readouts \(indices.min() ?? 0)...\(indices.max() ?? 0) of \(acquisitions.count)")
    let blocks = blocks(of: indices)
    let failure = Mutex<RawDataError?>(nil)
    Parallelism.forEach(blocks.count) { block in
      guard failure.withLock({ $0 == nil }) else { return }
      do throws(RawDataError) {
        try readBlock(indices[blocks[block]], body)
      } catch {
        failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}
