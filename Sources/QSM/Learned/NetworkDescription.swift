import Files
import Numerics

/// What has to be known of a network for susceptibility beside its graph: units, normalisation, axes, what it was
/// trained for.
///
/// A JSON file beside the model, `NAME.json` for `NAME.onnx`, or the same text under the key `kspace` in the model's
/// metadata. Every key may be absent:
///
/// ```
/// { "Name": "QSMnet+", "License": "...", "Reference": "doi:...",
///   "InputUnit": "ppm", "InputMean": [0], "InputDeviation": [0.0205], "OutputMean": [0], "OutputDeviation": [0.0734],
///   "Multiple": 16, "Axes": "xyz", "VoxelSize": [1, 1, 1], "FieldDirection": [0, 0, 1],
///   "Unrolling": { "Iterations": 3, "StepSize": 3.72 } }
/// { "Prior": { "Iterations": 1, "LogWeights": [-3, -4], "NoiseExponents": [1, 1] } }
/// ```
public struct NetworkDescription: Sendable, Equatable {
  /// The network's name.
  public var name: String?
  /// Its licence, in words.
  public var licence: String?
  /// Where it is published.
  public var reference: String?
  /// What the field is measured in.
  public var inputUnit = InputUnit.ppm
  /// What is subtracted from each input channel, in its unit.
  public var inputMean = [0.0]
  /// What each input channel is divided by, in its unit.
  public var inputDeviation = [1.0]
  /// What is added to each output channel [ppm].
  public var outputMean = [0.0]
  /// What each output channel is multiplied with [ppm].
  public var outputDeviation = [1.0]
  /// The extents are filled with zeros up to multiples of this.
  public var multiple = 16
  /// The network's axes from the slowest to the fastest.
  public var axes = AxisOrder.zyx
  /// The voxel sizes along x, y, z that it was trained at [mm].
  public var voxelSize: SIMD3<Double>?
  /// The direction of the static field along the voxel axes x, y, z that it was trained at.
  public var fieldDirection: SIMD3<Double>?
  /// Gradient steps of an iteration of which the network is a part.
  public var unrolling: Unrolling?
  /// An iteration of which the network is the prior.
  public var prior: Prior?

  /// A field of a network that takes parts per million and gives them.
  public init() {}

  /// The unit of a network's field.
  public enum InputUnit: String, Sendable {
    /// Parts per million of the static field.
    case ppm
    /// Hertz.
    case hertz = "Hz"
  }

  /// The order of a network's axes.
  public enum AxisOrder: String, Sendable {
    /// As arrays are here.
    case zyx
    /// As arrays of files lie that were read by NumPy or MATLAB.
    case xyz
  }

  /// Gradient steps on the data, each followed by the network, which maps an estimate to a better one.
  ///
  /// ```
  /// x <- net(x + step A^H (f - A x))              A = D;   with two channels A x = D x_1 + x_2
  /// ```
  ///
  /// normalised by mean and deviation and masked around the network; the first estimate is zero.
  public struct Unrolling: Sendable, Equatable, Codable {
    /// The number of steps.
    public var iterations: Int
    /// The length of a step.
    public var stepSize: Double
    /// One channel, susceptibility; or a second one, the field of what the dipole model leaves out.
    public var channels = 1

    private enum CodingKeys: String, CodingKey {
      case iterations = "Iterations"
      case stepSize = "StepSize"
      case channels = "Channels"
    }

    /// Describes an iteration.
    public init(iterations: Int, stepSize: Double, channels: Int = 1) {
      self.iterations = iterations
      self.stepSize = stepSize
      self.channels = channels
    }

    /// Reads an iteration.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        iterations: try container.decode(Int.self, forKey: .iterations),
        stepSize: try container.decode(Double.self, forKey: .stepSize),
        channels: try container.decodeIfPresent(Int.self, forKey: .channels) ?? 1)
    }
  }

  /// How often data and a network that corrects susceptibility take turns, and how they are weighed; see
  /// ``LearnedInversion``.
  public struct Prior: Sendable, Equatable, Codable {
    /// The number of times that the network is used.
    public var iterations: Int
    /// The logarithms of the prior's weights `mu` at a noise that is as large as the field, one more than iterations.
    public var logWeights: [Double]
    /// The powers of the noise that the weights follow.
    public var noiseExponents: [Double]
    /// The smallest and the largest side of the voxels that it was trained on [mm].
    public var voxelSizes: [Double]?

    private enum CodingKeys: String, CodingKey {
      case iterations = "Iterations"
      case logWeights = "LogWeights"
      case noiseExponents = "NoiseExponents"
      case voxelSizes = "VoxelSizes"
    }

    /// Describes an iteration.
    public init(
      iterations: Int, logWeights: [Double], noiseExponents: [Double], voxelSizes: [Double]? = nil
    ) {
      (self.iterations, self.logWeights) = (iterations, logWeights)
      (self.noiseExponents, self.voxelSizes) = (noiseExponents, voxelSizes)
    }

    /// Whether the numbers can be used.
    var isPossible: Bool {
      let isNumber: (Double) -> Bool = { abs($0) < 100 }
      return (1...100).contains(iterations) && logWeights.count == iterations + 1
        && noiseExponents.count == iterations + 1 && logWeights.allSatisfy(isNumber)
        && noiseExponents.allSatisfy(isNumber)
        && voxelSizes.map { $0.count == 2 && $0[0] > 0 && $0[0] < $0[1] && $0[1] < 1000 } ?? true
    }

    /// The weight of the prior in an iteration, 0 for the first estimate.
    ///
    /// - Parameter noise: The field's deviation over its amplitude.
    func weight(_ iteration: Int, noise: Double) -> Float {
      Float.exp(Float(logWeights[iteration] + noiseExponents[iteration] * Self.level(noise)))
    }

    /// The logarithm of the noise over the field, within what is trained.
    static func level(_ noise: Double) -> Double { min(max(Double.log(noise), -5), 2) }
  }

  /// The number of channels of the estimate.
  var channels: Int { unrolling?.channels ?? 1 }
}

extension NetworkDescription: Decodable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case name = "Name"
    case licence = "License"
    case reference = "Reference"
    case inputUnit = "InputUnit"
    case inputMean = "InputMean"
    case inputDeviation = "InputDeviation"
    case outputMean = "OutputMean"
    case outputDeviation = "OutputDeviation"
    case multiple = "Multiple"
    case axes = "Axes"
    case voxelSize = "VoxelSize"
    case fieldDirection = "FieldDirection"
    case unrolling = "Unrolling"
    case prior = "Prior"
  }

  /// Reads a description; a key that it does not know is refused, lest a misspelt one be missed.
  public init(from decoder: any Decoder) throws {
    let all = try decoder.singleValueContainer().decode([String: JSONValue].self)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let known = Set(CodingKeys.allCases.map(\.rawValue))
    if let stranger = all.keys.filter({ !known.contains($0) }).min() {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: [NamedKey(stringValue: stranger)],
          debugDescription: "it is none of \(known.sorted().joined(separator: ", "))"))
    }
    func checked<Value: Decodable>(
      _ key: CodingKeys, _ value: Value, _ wanted: String, _ isGood: (Value) -> Bool
    ) throws -> Value {
      guard let found = try container.decodeIfPresent(Value.self, forKey: key) else { return value }
      guard isGood(found) else {
        throw DecodingError.dataCorrupted(.init(codingPath: [key], debugDescription: "\(wanted) is needed"))
      }
      return found
    }
    name = try container.decodeIfPresent(String.self, forKey: .name)
    licence = try container.decodeIfPresent(String.self, forKey: .licence)
    reference = try container.decodeIfPresent(String.self, forKey: .reference)
    let unit = try checked(.inputUnit, "ppm", "ppm or Hz") { InputUnit(rawValue: $0) != nil }
    inputUnit = InputUnit(rawValue: unit) ?? .ppm
    let order = try checked(.axes, "zyx", "zyx or xyz") { AxisOrder(rawValue: $0) != nil }
    axes = AxisOrder(rawValue: order) ?? .zyx
    multiple = try checked(.multiple, 16, "a number from 1 to 1024") { (1...1024).contains($0) }
    unrolling = try checked(.unrolling, nil, "1 to 100 iterations, a positive step and 1 or 2 channels") {
      value in
      value.map {
        (1...100).contains($0.iterations) && $0.stepSize > 0 && $0.stepSize < 1e6
          && (1...2).contains($0.channels)
      } ?? true
    }
    prior = try checked(.prior, nil, "1 to 100 iterations with one weight and exponent more than these") {
      value in
      value?.isPossible ?? true
    }
    if prior != nil, unrolling != nil {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: [CodingKeys.prior],
          debugDescription: "the network has an unrolling as well; leave one out"))
    }
    if inputUnit != .ppm, prior != nil || unrolling != nil {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: [CodingKeys.inputUnit],
          debugDescription: "data steps are made in ppm; leave it out, or the unrolling or prior"))
    }
    let fixed: [CodingKeys] = [.inputMean, .inputDeviation, .outputMean, .outputDeviation, .axes]
    if prior != nil, let key = fixed.first(where: container.contains) {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [key], debugDescription: "a prior has its own; leave it out"))
    }
    let count = unrolling?.channels ?? 1
    let isList: ([Double]) -> Bool = { $0.count == count && $0.allSatisfy(\.isFinite) }
    let isScale: ([Double]) -> Bool = { $0.count == count && $0.allSatisfy { $0 > 1e-12 && $0 < 1e12 } }
    let (zeros, ones) = (Array(repeating: 0.0, count: count), Array(repeating: 1.0, count: count))
    let numbers = count == 1 ? "one number" : "\(count) numbers"
    inputMean = try checked(.inputMean, zeros, "a list of \(numbers)", isList)
    outputMean = try checked(.outputMean, zeros, "a list of \(numbers)", isList)
    inputDeviation = try checked(.inputDeviation, ones, "a list of \(numbers) above zero", isScale)
    outputDeviation = try checked(.outputDeviation, ones, "a list of \(numbers) above zero", isScale)
    voxelSize = try checked(.voxelSize, nil as [Double]?, "three sizes in mm") {
      $0.map { $0.count == 3 && $0.allSatisfy { $0 > 0 && $0 < 1000 } } ?? true
    }.map { SIMD3($0[0], $0[1], $0[2]) }
    fieldDirection = try checked(.fieldDirection, nil as [Double]?, "a direction of three numbers") {
      $0.map { $0.count == 3 && $0.allSatisfy(\.isFinite) && $0.contains { $0 != 0 } } ?? true
    }.map { SIMD3($0[0], $0[1], $0[2]) }
  }

  private struct NamedKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
