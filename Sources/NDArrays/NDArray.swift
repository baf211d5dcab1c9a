/// A dense array with any number of axes; the last axis is contiguous.
///
/// ```
/// offset(i0, i1, ..., in) = ((i0 * shape[1] + i1) * shape[2] + ...) + in
/// ```
///
/// Arrays are values: a copy is free until one of the two is changed. Kernels work on the whole block
/// through ``withUnsafeMutableBufferPointer(_:)``; the subscript is for readable, not for fast, code.
///
///     var image = NDArray<Float>(repeating: 0, shape: [slices, rows, columns])
///     image[2, 10, 7] = 1
public struct NDArray<Element: ArrayElement>: Sendable {
  /// The extent of every axis, slowest first.
  public internal(set) var shape: [Int]

  @usableFromInline
  var storage: ArrayStorage<Element>

  /// The number of elements.
  @inlinable
  public var count: Int { storage.elements.count }

  /// Creates an array whose elements are all equal.
  @inlinable
  public init(repeating value: Element, shape: [Int]) {
    self.init(uninitializedShape: shape) { $0.initialize(repeating: value) }
  }

  /// Creates an array whose elements a closure writes.
  ///
  /// - Parameters:
  ///   - shape: The extent of every axis, slowest first.
  ///   - initialize: Writes every element of the buffer that it is given.
  @inlinable
  public init<Failure: Error>(
    uninitializedShape shape: [Int],
    initializingWith initialize: (UnsafeMutableBufferPointer<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative extent in shape \(shape)")
    self.init(shape: shape, storage: ArrayStorage(uninitializedCount: shape.reduce(1, *)))
    try initialize(storage.elements)
  }

  @usableFromInline
  init(shape: [Int], storage: ArrayStorage<Element>) {
    self.shape = shape
    self.storage = storage
  }

  /// Creates an array from a sequence of elements, the last axis running fastest.
  ///
  /// - Precondition: There are as many elements as the shape holds.
  public init(_ elements: some Collection<Element>, shape: [Int]) {
    precondition(
      elements.count == shape.reduce(1, *), "\(elements.count) elements do not fill the shape \(shape)")
    self.init(uninitializedShape: shape) { buffer in
      _ = buffer.initialize(fromContentsOf: elements)
    }
  }

  /// Calls a closure with the elements, the last axis running fastest.
  @inlinable
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeBufferPointer(storage.elements))
  }

  /// Calls a closure that may change the elements in place.
  @inlinable
  public mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
    return try body(storage.elements)
  }

  /// The same elements seen with other axes.
  ///
  /// - Precondition: The new shape holds as many elements.
  public func reshaped(to shape: [Int]) -> NDArray {
    precondition(shape.reduce(1, *) == count, "shape \(self.shape) cannot be seen as \(shape)")
    var result = self
    result.shape = shape
    return result
  }

  /// The elements as a standard array, the last axis running fastest.
  public var elements: [Element] { Array(storage.elements) }
}

extension NDArray {
  /// The element at one index per axis.
  @inlinable
  public subscript(_ indices: Int...) -> Element {
    get { storage.elements[offset(of: indices)] }
    set {
      let offset = offset(of: indices)
      withUnsafeMutableBufferPointer { $0[offset] = newValue }
    }
  }

  /// The range of offsets that a choice of indices for the leading axes spans.
  ///
  /// - Precondition: Every index lies within its axis.
  @inlinable
  public func range(at leading: [Int]) -> Range<Int> {
    precondition(leading.count <= shape.count, "\(leading.count) indices for an array of shape \(shape)")
    var start = 0
    for (axis, index) in leading.enumerated() {
      precondition(
        (0..<shape[axis]).contains(index), "index \(index) outside axis \(axis) of shape \(shape)")
      start = start * shape[axis] + index
    }
    let length = shape[leading.count...].reduce(1, *)
    return start * length..<(start + 1) * length
  }

  /// A copy of the part at the given indices of the leading axes.
  ///
  ///     let secondEcho = images.part(at: 1)   // [channel, z, y, x] of [echo, channel, z, y, x]
  public func part(at leading: Int...) -> NDArray {
    let range = range(at: leading)
    return NDArray(
      UnsafeBufferPointer(rebasing: storage.elements[range]), shape: Array(shape[leading.count...]))
  }

  /// A copy of the elements at one index of one axis, which the result lacks.
  ///
  ///     let channel = scan.part(at: 3, ofAxis: 1)   // [echo, z, y, x] of [echo, channel, z, y, x]
  public func part(at index: Int, ofAxis axis: Int) -> NDArray {
    precondition(shape.indices.contains(axis), "axis \(axis) of an array of shape \(shape)")
    precondition((0..<shape[axis]).contains(index), "index \(index) outside axis \(axis) of shape \(shape)")
    let length = shape[(axis + 1)...].reduce(1, *)
    let blocks = shape[..<axis].reduce(1, *)
    return NDArray(uninitializedShape: Array(shape[..<axis] + shape[(axis + 1)...])) { target in
      for block in 0..<blocks {
        let start = (block * shape[axis] + index) * length
        _ = UnsafeMutableBufferPointer(rebasing: target[block * length..<(block + 1) * length])
          .initialize(fromContentsOf: UnsafeBufferPointer(rebasing: storage.elements[start..<start + length]))
      }
    }
  }

  /// Replaces the part at the given indices of the leading axes.
  ///
  /// - Precondition: The part has the shape of the remaining axes.
  public mutating func setPart(at leading: Int..., to part: NDArray) {
    let range = range(at: leading)
    precondition(
      part.shape == Array(shape[leading.count...]),
      "a part of shape \(part.shape) does not fit at \(leading) of shape \(shape)")
    withUnsafeMutableBufferPointer { target in
      part.withUnsafeBufferPointer { source in
        _ = UnsafeMutableBufferPointer(rebasing: target[range]).update(fromContentsOf: source)
      }
    }
  }

  /// An array of the same shape whose elements are computed one by one.
  @inlinable
  public func map<Other, Failure: Error>(
    _ transform: (Element) throws(Failure) -> Other
  ) throws(Failure) -> NDArray<Other> {
    try NDArray<Other>(uninitializedShape: shape) { (buffer) throws(Failure) in
      for index in buffer.indices { buffer[index] = try transform(storage.elements[index]) }
    }
  }

  @usableFromInline
  func offset(of indices: [Int]) -> Int {
    precondition(indices.count == shape.count, "\(indices.count) indices for an array of shape \(shape)")
    return range(at: indices).lowerBound
  }
}

extension NDArray: Equatable where Element: Equatable {
  /// Whether two arrays have the same shape and equal elements.
  public static func == (left: NDArray, right: NDArray) -> Bool {
    left.shape == right.shape
      && (left.storage === right.storage || left.storage.elements.elementsEqual(right.storage.elements))
  }
}
