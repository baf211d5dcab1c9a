import NDArrays
import Numerics
import Synchronization

extension ChannelImages {
  /// Calls a closure with the images of a few channels at a time, in the order of the channels.
  ///
  /// The channels of a batch are computed side by side, one per thread; no more than
  /// ``NDArrays/Parallelism/threads`` channels exist at any time.
  ///
  /// - Throws: What computing a channel throws.
  public func forEachBatch(_ body: ([NDArray<Complex<Float>>]) throws -> Void) throws {
    let batches = (channels + Parallelism.threads - 1) / Parallelism.threads
    for batch in 0..<batches {
      let first = batch * channels / batches
      let end = (batch + 1) * channels / batches
      try prepare(first..<end)
      let results = Mutex<[Int: Result<NDArray<Complex<Float>>, any Error>]>([:])
      Parallelism.forEach(end - first) { index in
        let result = Result { try channel(first + index) }
        results.withLock { $0[index] = result }
      }
      let images = results.withLock { results in
        (0..<end - first).compactMap { results.removeValue(forKey: $0) }
      }
      try body(images.map { try $0.get() })
    }
  }
}
