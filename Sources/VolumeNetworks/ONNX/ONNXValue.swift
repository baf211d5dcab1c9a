/// The name, type and extents of a graph's input or output.
public struct ONNXValue: Sendable, Equatable {
  /// The name.
  public var name: String
  /// The extents; `nil` for one that may be any, and an absent list where nothing is known.
  public var shape: [Int?]?
  /// Names of extents that may be any, for those who read the file.
  public var extentNames: [String] = []
  /// Whether the elements are numbers of single precision.
  public var isFloat = true

  /// Creates a description.
  public init(_ name: String, shape: [Int?]?, extentNames: [String] = []) {
    self.name = name
    self.shape = shape
    self.extentNames = extentNames
  }
}
