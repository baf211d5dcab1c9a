import NDArrays

/// One 3x3x3 convolution.
public struct Convolution3D: Sendable {
  /// The kernels, axes `[output, input, z, y, x]`.
  public let weight: NDArray<Float>
  /// What is added to each output.
  public let bias: NDArray<Float>

  /// Creates a convolution.
  ///
  /// - Precondition: The weights have the axes `[output, input, 3, 3, 3]`, and there is one bias per output.
  public init(weight: NDArray<Float>, bias: NDArray<Float>) {
    precondition(
      weight.shape.count == 5 && Array(weight.shape[2...]) == Self.kernel
        && bias.shape == [weight.shape[0]],
      "weights \(weight.shape) and biases \(bias.shape) are no 3x3x3 convolution")
    self.weight = weight
    self.bias = bias
  }

  /// The number of channels that the convolution takes.
  public var inputs: Int { weight.shape[1] }
  /// The number of channels that it yields.
  public var outputs: Int { weight.shape[0] }
  /// The extents of the kernels of an output.
  static let kernel = [3, 3, 3]
}
