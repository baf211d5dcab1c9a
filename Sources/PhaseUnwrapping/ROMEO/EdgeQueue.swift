/// A priority queue with one stack for each of 256 costs; of equal costs the last one in is the first one out.
struct EdgeQueue: ~Copyable {
  private struct Stack {
    var items: UnsafeMutablePointer<UInt32>
    var count = 0
    var capacity: Int
  }

  private let stacks: UnsafeMutablePointer<Stack>
  /// The smallest cost, 256 if the queue is empty.
  private(set) var smallest = 256

  init() {
    stacks = .allocate(capacity: 256)
    for cost in 0..<256 {
      (stacks + cost).initialize(to: Stack(items: .allocate(capacity: 64), capacity: 64))
    }
  }

  deinit {
    for cost in 0..<256 { stacks[cost].items.deallocate() }
    stacks.deallocate()
  }

  var isEmpty: Bool { smallest == 256 }

  @inline(__always)
  mutating func push(_ item: UInt32, cost: UInt8) {
    let stack = stacks + Int(cost)
    if stack.pointee.count == stack.pointee.capacity { grow(stack) }
    stack.pointee.items[stack.pointee.count] = item
    stack.pointee.count += 1
    if Int(cost) < smallest { smallest = Int(cost) }
  }

  /// - Precondition: The queue is not empty.
  @inline(__always)
  mutating func pop() -> UInt32 {
    let stack = stacks + smallest
    stack.pointee.count -= 1
    let item = stack.pointee.items[stack.pointee.count]
    while smallest < 256, stacks[smallest].count == 0 { smallest += 1 }
    return item
  }

  @inline(never)
  private func grow(_ stack: UnsafeMutablePointer<Stack>) {
    let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: 4 * stack.pointee.capacity)
    larger.update(from: stack.pointee.items, count: stack.pointee.count)
    stack.pointee.items.deallocate()
    stack.pointee.items = larger
    stack.pointee.capacity *= 4
  }
}
