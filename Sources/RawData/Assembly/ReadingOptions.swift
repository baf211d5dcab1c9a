import MRIData

/// What the user says about a scan where its file is silent, wrong or holds several volumes.
public struct ReadingOptions: Sendable, Equatable {
  /// The encoded grid, instead of the header's.
  public var matrix: EncodedMatrix?
  /// The encoded field of view along `x`, `y`, `z` [m], instead of the header's.
  public var fieldOfView: SIMD3<Double>?
  /// The echo times [s], instead of the header's; their number is the number of echoes.
  public var echoTimes: [Double]?
  /// The static field [T], instead of the header's.
  public var fieldStrength: Double?
  /// The sign of the phase in the source; `negative` turns every image into its complex conjugate.
  public var phaseSign: PhaseSign
  /// The encoding that holds the image lines; needed if several do.
  public var encodingSpace: Int?
  /// The slice counter to read; needed for a single volume of a multi-slice scan.
  public var slice: Int?
  /// The repetition counter to read; needed if there are several.
  public var repetition: Int?
  /// The set counter to read; needed if there are several.
  public var set: Int?
  /// The cardiac phase counter to read; needed if there are several.
  public var cardiacPhase: Int?
  /// The average counter to read; all of them are averaged unless given.
  public var average: Int?
  /// The segment counter to read; all of them belong to the volume unless given.
  public var segment: Int?
  /// Whether channels are decorrelated and scaled by the noise scan, if there is one.
  public var prewhitens: Bool
  /// Whether the readout is cut down to the prescribed field of view.
  public var removesOversampling: Bool
  /// Whether samples on gradient ramps are brought onto the grid, and the ghosts of echo-planar scans taken away.
  public var correctsEchoPlanar: Bool

  /// Creates options; without any, everything is taken from the file.
  public init(
    matrix: EncodedMatrix? = nil, fieldOfView: SIMD3<Double>? = nil, echoTimes: [Double]? = nil,
    fieldStrength: Double? = nil, phaseSign: PhaseSign = .positive, encodingSpace: Int? = nil,
    slice: Int? = nil, repetition: Int? = nil, set: Int? = nil, cardiacPhase: Int? = nil,
    average: Int? = nil, segment: Int? = nil, prewhitens: Bool = true, removesOversampling: Bool = true,
    correctsEchoPlanar: Bool = true
  ) {
    self.matrix = matrix
    self.fieldOfView = fieldOfView
    self.echoTimes = echoTimes
    self.fieldStrength = fieldStrength
    self.phaseSign = phaseSign
    self.encodingSpace = encodingSpace
    self.slice = slice
    self.repetition = repetition
    self.set = set
    self.cardiacPhase = cardiacPhase
    self.average = average
    self.segment = segment
    self.prewhitens = prewhitens
    self.removesOversampling = removesOversampling
    self.correctsEchoPlanar = correctsEchoPlanar
  }
}

extension ReadingOptions {
  /// What was said, in words and with units; empty for nothing.
  public var account: String {
    var parts: [String] = []
    func add(_ name: String, _ value: String?) { if let value { parts.append("\(name) \(value)") } }
    func number(_ value: Double) -> String { "\((value * 1e9).rounded() / 1e9)" }
    add("matrix", matrix?.description)
    add(
      "field of view [m]", fieldOfView.map { size in (0..<3).map { number(size[$0]) }.joined(separator: "x") }
    )
    add("echo times [s]", echoTimes.map { $0.map(number).joined(separator: ",") })
    add("field strength [T]", fieldStrength.map(number))
    if phaseSign == .negative { parts.append("phase sign negative") }
    add("encoding space", encodingSpace.map(String.init))
    add("slice", slice.map(String.init))
    add("repetition", repetition.map(String.init))
    add("set", set.map(String.init))
    add("cardiac phase", cardiacPhase.map(String.init))
    add("average", average.map(String.init))
    add("segment", segment.map(String.init))
    if !prewhitens { parts.append("not whitened") }
    if !removesOversampling { parts.append("oversampling kept") }
    if !correctsEchoPlanar { parts.append("echo-planar readouts as they are") }
    return parts.joined(separator: "; ")
  }
}
