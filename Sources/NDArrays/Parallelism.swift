import Dispatch
import Foundation
import Synchronization

/// How many threads the toolkit's loops use.
///
/// Parallelism sits at one level: planes, channels or blocks of voxels. Libraries below run on the calling thread.
public enum Parallelism {
  @TaskLocal private static var limit: Int?

  /// The number of threads: all cores, unless the caller is within ``withThreads(_:_:)``.
  public static var threads: Int { limit ?? ProcessInfo.processInfo.activeProcessorCount }

  /// Runs a closure whose loops, and those that they call, use so many threads; others are not concerned.
  ///
  /// - Precondition: There is at least one thread.
  public static func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    precondition(count > 0, "\(count) threads")
    return try $limit.withValue(count, operation: body)
  }

  /// Calls a closure once for each index, on all threads; indices are handed out as threads become free.
  ///
  /// The closure must not let results depend on the order of the calls.
  public static func forEach(_ count: Int, _ body: @Sendable (Int) -> Void) {
    let workers = min(threads, count)
    guard workers > 1 else {
      for index in 0..<max(count, 0) { body(index) }
      return
    }
    let next = Atomic<Int>(0), limit = limit
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      // Other threads do not inherit what holds for this task.
      $limit.withValue(limit) {
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < count else { return }
          body(index)
        }
      }
    }
  }

  /// Calls a closure for consecutive blocks that together cover `0..<count`, on all threads.
  public static func forEachBlock(of count: Int, length: Int, _ body: @Sendable (Range<Int>) -> Void) {
    precondition(length > 0, "a block needs at least one element")
    forEach((count + length - 1) / length) { block in
      body(block * length..<min(count, (block + 1) * length))
    }
  }
}
