import Foundation

/// How much the image of a block counts against the samples of all channels, as it follows from their noise.
///
/// ```
/// mu = exp(a + b log(sigma / q))
/// ```
///
/// `sigma` is the standard deviation of a sample's real part, `q` the scale by which the network's images are
/// normalised, `a` and `b` are learned: noisy samples are believed less.
public struct ConsistencyWeight: CascadeConsistency {
  /// The logarithm `a` of the weight at a noise as large as the image.
  public let offset: Float
  /// The power `b` of the noise that the weight follows.
  public let exponent: Float

  /// The noise that training has shown, relative to the scale; other noise is taken for the nearest of these.
  static let noise: ClosedRange<Double> = 1 / 400...1 / 10

  /// Creates a weight.
  public init(offset: Float, exponent: Float) {
    self.offset = offset
    self.exponent = exponent
  }

  /// The weight `mu`.
  ///
  /// - Parameter relativeNoise: The noise over the scale, `sigma / q`.
  public func callAsFunction(relativeNoise: Double) -> Double {
    let noise = min(max(relativeNoise, Self.noise.lowerBound), Self.noise.upperBound)
    return exp(Double(offset) + Double(exponent) * log(noise))
  }
}

extension ConsistencyWeight {
  /// The network whose blocks end with it.
  public static var network: String { "ReconNetSENSE" }
  /// The file with that network's weights.
  public static var bundledFile: String { "reconnet_sense.safetensors" }
  /// How many numbers a tensor holds.
  public static var count: Int { 2 }
  /// What a network without such tensors has.
  public static var withoutNumbers: ConsistencyWeight? { nil }

  /// What is wrong with the numbers of a tensor.
  public static func fault(of numbers: [Float]) -> String? {
    numbers.allSatisfy { abs($0) < 20 }
      ? nil : "holds \(numbers) where a logarithm and a power of the noise, both within 20, are expected"
  }

  /// Creates it of the numbers of a tensor.
  public init(numbers: [Float]) { self.init(offset: numbers[0], exponent: numbers[1]) }

  /// Its numbers.
  public var numbers: [Float] { [offset, exponent] }
}
