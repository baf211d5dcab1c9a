import NDArrays
import Synchronization

/// Memory that workers borrow for a task.
package final class ScratchPool: Sendable {
  private let count: Int
  private let idle = Mutex<[SharedBuffer<Float>]>([])

  /// - Parameter count: The number of floats that a task needs; they are zero at first.
  package init(count: Int) {
    self.count = count
  }

  deinit {
    idle.withLock { $0.forEach { $0.elements.deallocate() } }
  }

  /// Calls a closure with memory that no other worker uses meanwhile.
  package func withScratch(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    let scratch = idle.withLock { $0.popLast() } ?? made()
    scratch.elements.baseAddress.map(body)
    idle.withLock { $0.append(scratch) }
  }

  private func made() -> SharedBuffer<Float> {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: 64)
    let floats = memory.bindMemory(to: Float.self, capacity: count)
    floats.initialize(repeating: 0, count: count)
    return SharedBuffer(UnsafeMutableBufferPointer(start: floats, count: count))
  }
}
