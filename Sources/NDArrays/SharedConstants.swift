/// A buffer that several threads read at once.
public struct SharedConstants<Element: ArrayElement>: @unchecked Sendable {
  /// The elements.
  public let elements: UnsafeBufferPointer<Element>

  /// Wraps a buffer for the duration of a parallel loop.
  @inlinable
  public init(_ elements: UnsafeBufferPointer<Element>) {
    self.elements = elements
  }

  /// The element at an offset.
  @inlinable
  public subscript(_ offset: Int) -> Element { elements[offset] }

  /// The elements of a range.
  @inlinable
  public subscript(_ range: Range<Int>) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(rebasing: elements[range])
  }
}
