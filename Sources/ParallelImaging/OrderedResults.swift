import NDArrays
import Synchronization

/// What a parallel loop computes for each index, or the first error that it met.
final class OrderedResults<Value: Sendable, Failure: Error>: Sendable {
  private let results = Mutex<[Int: Result<Value, Failure>]>([:])
  private let count: Int

  init(_ count: Int) { self.count = count }

  /// Computes all values, on all threads.
  func forEach(_ body: @Sendable (Int) throws(Failure) -> Value) {
    Parallelism.forEach(count) { index in
      let result = Result { () throws(Failure) in try body(index) }
      results.withLock { $0[index] = result }
    }
  }

  /// The values in the order of their indices.
  func get() throws(Failure) -> [Value] {
    var values: [Value] = []
    for (_, result) in results.withLock({ $0.sorted { $0.key < $1.key } }) { values.append(try result.get()) }
    return values
  }
}
