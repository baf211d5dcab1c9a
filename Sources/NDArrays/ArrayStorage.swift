/// A heap block of elements, aligned to 64 bytes so that vector loads and FFTW plans may rely on it.
///
/// The block is shared by copies of an ``NDArray`` until one of them is changed.
@usableFromInline
final class ArrayStorage<Element: ArrayElement>: @unchecked Sendable {
  // Unchecked: `NDArray` writes only after `isKnownUniquelyReferenced` has said that nobody else reads.
  static var alignment: Int { 64 }

  @usableFromInline
  let elements: UnsafeMutableBufferPointer<Element>

  @usableFromInline
  init(uninitializedCount count: Int) {
    precondition(count >= 0, "an array cannot have \(count) elements")
    let bytes = max(count * MemoryLayout<Element>.stride, Self.alignment)
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.alignment)
    elements = UnsafeMutableBufferPointer(
      start: block.bindMemory(to: Element.self, capacity: max(count, 1)), count: count)
  }

  @usableFromInline
  deinit {
    UnsafeMutableRawPointer(elements.baseAddress)?.deallocate()
  }

  @usableFromInline
  func copy() -> ArrayStorage {
    let copy = ArrayStorage(uninitializedCount: elements.count)
    _ = copy.elements.initialize(from: elements)
    return copy
  }
}
