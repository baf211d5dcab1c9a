/// A method that says what it is.
public protocol ConfiguredMethod: Sendable {
  /// The method with its parameters.
  var configuration: MethodConfiguration { get }
}
