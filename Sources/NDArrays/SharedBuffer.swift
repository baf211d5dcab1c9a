/// A buffer that several threads write at once, each to its own elements.
///
/// Swift cannot see that blocks of a parallel loop are disjoint; this type is where the code says so.
public struct SharedBuffer<Element: ArrayElement>: @unchecked Sendable {
  /// The elements.
  public let elements: UnsafeMutableBufferPointer<Element>

  /// Wraps a buffer for the duration of a parallel loop.
  @inlinable
  public init(_ elements: UnsafeMutableBufferPointer<Element>) {
    self.elements = elements
  }

  /// The element at an offset; the caller keeps threads from sharing one.
  @inlinable
  public subscript(_ offset: Int) -> Element {
    get { elements[offset] }
    nonmutating set { elements[offset] = newValue }
  }

  /// The elements of a range, for kernels that work on a block.
  @inlinable
  public subscript(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(rebasing: elements[range])
  }
}
