/// What brings the image of a block back to the measurement, and the numbers that it has learned.
public protocol CascadeConsistency: Sendable, Equatable {
  /// The network whose blocks end with it, for messages.
  static var network: String { get }
  /// The name of the file with that network's weights that comes with the package.
  static var bundledFile: String { get }
  /// How many numbers a block's tensor holds.
  static var count: Int { get }
  /// What a network without such tensors has; `nil` if there is no such network.
  static var withoutNumbers: Self? { get }
  /// What is wrong with the numbers of a tensor.
  static func fault(of numbers: [Float]) -> String?

  /// Creates it of as many numbers as ``count`` tells, which have no fault.
  init(numbers: [Float])

  /// Its numbers; those of one that needs none tell it from all others.
  var numbers: [Float] { get }
}
