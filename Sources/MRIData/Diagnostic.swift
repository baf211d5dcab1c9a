/// Something that a reconstruction measured of itself, for the user to judge the images by.
public struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
  /// What was measured, in a few words.
  public var name: String
  /// What it means, in a sentence.
  public var meaning: String
  /// The numbers, if any; the meaning says of what.
  public var values: [Double]
  /// The number of the slice from 1, where slices were reconstructed one by one.
  public var slice: Int?
  /// Whether the images are not what they should be.
  public var isWarning: Bool

  /// Creates a diagnostic.
  public init(_ name: String, _ meaning: String, values: [Double] = [], isWarning: Bool = false) {
    self.name = name
    self.meaning = meaning
    self.values = values
    self.isWarning = isWarning
  }

  /// The same of one slice of several.
  func of(slice: Int) -> Diagnostic {
    var result = self
    result.slice = slice
    return result
  }

  /// The name with the numbers in four digits, first and last of many.
  public var description: String {
    let texts = values.map { value in
      value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : Self.rounded(value)
    }
    let numbers =
      texts.count > 8
      ? "\(texts[0]) ... \(texts[texts.count - 1]) (\(texts.count) numbers)" : texts.joined(separator: ", ")
    return name + (slice.map { " (slice \($0))" } ?? "") + ": " + (texts.isEmpty ? meaning : numbers)
  }

  private static func rounded(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 1000 { scale *= 10 }
    return "\((value * scale).rounded() / scale)"
  }
}

extension Diagnostic: Encodable {
  private enum CodingKeys: String, CodingKey {
    case name, meaning, values, slice, isWarning
  }

  /// Encodes the diagnostic; JSON has no numbers that are not finite, which become `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(meaning, forKey: .meaning)
    try container.encode(values.map { $0.isFinite ? $0 : nil }, forKey: .values)
    try container.encodeIfPresent(slice, forKey: .slice)
    try container.encode(isWarning, forKey: .isWarning)
  }
}
