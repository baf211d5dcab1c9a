import Foundation
import Synchronization

/// Lets one pass at a time: a reconstruction uses all threads, and the memory of one scan.
public final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 1)
  private let waiting = Atomic<Int>(0)

  /// An open gate.
  public init() {}

  /// Whether somebody is passing.
  public var isBusy: Bool { waiting.load(ordering: .relaxed) > 0 }

  /// Does something while nobody else does.
  ///
  /// - Throws: What it throws.
  func pass(_ body: () throws -> Void) rethrows {
    waiting.wrappingAdd(1, ordering: .relaxed)
    semaphore.wait()
    defer {
      semaphore.signal()
      waiting.wrappingSubtract(1, ordering: .relaxed)
    }
    try body()
  }
}
