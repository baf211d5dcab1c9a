/// Memory for one block of a feature map, given back as soon as nobody needs it.
final class FeatureBuffer: @unchecked Sendable {
  // Unchecked: operators write a buffer only while nobody else knows it.
  let values: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    self.count = count
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: 64)
    values = memory.bindMemory(to: Float.self, capacity: count)
  }

  deinit { UnsafeMutableRawPointer(values).deallocate() }

  // Loops take buffers, not pointers: what a loop's closure holds lives as long as the loop.
  var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: values, count: count) }

  subscript(_ offset: Int) -> Float {
    get { values[offset] }
    set { values[offset] = newValue }
  }

  subscript(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: elements[range])
  }

  /// Takes over the elements of another buffer of the same length.
  func update(from other: FeatureBuffer) {
    withExtendedLifetime((self, other)) { values.update(from: other.values, count: count) }
  }
}
