import NDArrays

/// The weights of a cascaded network, and what turns them into one.
///
/// ```
/// block:   h_1 = f(w_1 * x + b_1), ..., h_(n-1) = f(w_(n-1) * h_(n-2) + b_(n-1))      3x3x3 convolutions
///          x <- DC(x + w_n * h_(n-1) + b_n)                                           f(v) = v > 0 ? v : slope v
/// ```
///
/// A complex image is two real channels, real and imaginary part.
public struct CascadeWeights<Consistency: CascadeConsistency>: Sendable {
  /// A layer.
  public typealias Convolution = Convolution3D

  /// The layers between two data-consistency steps, and the second of these.
  public struct Block: Sendable {
    /// The convolutions; the first takes 2 channels, the last yields 2.
    public let convolutions: [Convolution]
    /// What follows them.
    public let consistency: Consistency

    /// Creates a block.
    ///
    /// - Precondition: There are at least two convolutions, each takes what the one before yields, the first takes 2
    ///   channels, and the last yields 2.
    public init(convolutions: [Convolution], consistency: Consistency) {
      precondition(
        convolutions.count > 1 && convolutions.map(\.inputs) == [2] + convolutions.dropLast().map(\.outputs)
          && convolutions[convolutions.count - 1].outputs == 2,
        "convolutions of \(convolutions.map { "\($0.inputs) to \($0.outputs)" }) channels are no block")
      self.convolutions = convolutions
      self.consistency = consistency
    }
  }

  /// The blocks in the order of their use.
  public let blocks: [Block]
  /// The factor of negative values after all convolutions of a block but the last; 0 is a rectifier.
  public let negativeSlope: Float
  /// Whether a block's convolutions are added to its input, or replace it.
  public let isResidual: Bool
  /// What the file left open and was assumed, one sentence each.
  public let assumptions: [String]

  /// The number of channels of the widest layer.
  public var features: Int { blocks.flatMap(\.convolutions).map(\.outputs).max() ?? 0 }
  /// The number of convolutions of the longest block.
  public var layers: Int { blocks.map(\.convolutions.count).max() ?? 0 }

  /// Reads a safetensors file, this toolkit's own or that of another network of the family.
  ///
  /// Blocks and layers are told by the numbers in the tensors' names, as `blocks.0.convolutions.2.weight` or
  /// `conv_blocks.0.4.weight`, everything else by shapes. The metadata `activation` (`leaky_relu` or `relu`),
  /// `negative_slope`, `residual`, `blocks`, `layers` and `features` are heeded; what they leave open is assumed,
  /// see ``assumptions``.
  ///
  /// - Throws: ``ReconNetError`` if the file is damaged or holds another kind of network; it names the tensor.
  public init(contentsOf path: String) throws(ReconNetError) {
    try self.init(SafetensorsFile(at: path))
  }

  /// Creates weights.
  ///
  /// - Parameters:
  ///   - blocks: The blocks in the order of their use.
  ///   - negativeSlope: The factor of negative values after all convolutions of a block but the last.
  ///   - isResidual: Whether a block's convolutions are added to its input.
  public init(blocks: [Block], negativeSlope: Float = 0.01, isResidual: Bool = true) {
    self.blocks = blocks
    self.negativeSlope = negativeSlope
    self.isResidual = isResidual
    assumptions = []
  }

  init(_ file: SafetensorsFile) throws(ReconNetError) {
    let structure = try NetworkStructure(file)
    blocks = try structure.blocks(of: file)
    let facts = try NetworkMetadata(file)
    try facts.check(blocks.map(\.convolutions), names: structure)
    negativeSlope = facts.negativeSlope
    isResidual = facts.isResidual
    assumptions = facts.assumptions + structure.assumptions
  }
}
