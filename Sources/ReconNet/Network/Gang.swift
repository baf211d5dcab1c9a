import Foundation
import NDArrays
import Synchronization

/// Threads that compute one network at a time, together.
///
/// A combination asks for several channels at once, one per thread. Each would need a network's memory, so they take
/// turns; a thread whose channel has to wait helps with the one in work.
final class Gang: @unchecked Sendable {
  // Unchecked: the condition guards what changes.
  private let condition = NSCondition()
  private var isTaken = false
  private var loop: Loop?

  /// Calls a closure when it is this thread's turn; until then, helps those before.
  func inTurn<Result>(_ body: () throws -> Result) rethrows -> Result {
    condition.lock()
    while isTaken {
      if let loop, loop.hasWork {
        loop.helpers += 1
        condition.unlock()
        loop.work()
        condition.lock()
        loop.helpers -= 1
        if loop.helpers == 0 { condition.broadcast() }
      } else {
        condition.wait()
      }
    }
    isTaken = true
    condition.unlock()
    defer {
      condition.lock()
      isTaken = false
      condition.broadcast()
      condition.unlock()
    }
    return try body()
  }

  /// Calls a closure once for each index, on all threads of the toolkit and on those that wait for their turn.
  ///
  /// - Precondition: It is this thread's turn.
  func forEach(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let loop = Loop(count: count, body: body)
    condition.lock()
    self.loop = loop
    condition.broadcast()
    condition.unlock()
    Parallelism.forEach(min(count, Parallelism.threads)) { _ in loop.work() }
    condition.lock()
    self.loop = nil
    while loop.helpers > 0 { condition.wait() }
    condition.unlock()
  }

  /// A loop whose indices are handed out to whoever comes.
  private final class Loop: @unchecked Sendable {
    // Unchecked: the gang's condition guards the number of helpers.
    var helpers = 0
    private let next = Atomic<Int>(0)
    private let count: Int
    private let body: @Sendable (Int) -> Void

    init(count: Int, body: @escaping @Sendable (Int) -> Void) {
      self.count = count
      self.body = body
    }

    var hasWork: Bool { next.load(ordering: .relaxed) < count }

    func work() {
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        body(index)
      }
    }
  }
}
