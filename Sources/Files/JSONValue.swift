import Foundation

/// A value of a sidecar whose type the toolkit does not fix.
public enum JSONValue: Sendable, Equatable {
  /// Text.
  case string(String)
  /// A number.
  case number(Double)
  /// A truth value.
  case bool(Bool)
  /// Several values.
  case array([JSONValue])
  /// Values by name.
  case object([String: JSONValue])
  /// Nothing.
  case null
}

extension JSONValue: Codable {
  /// Reads any JSON value.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else if let value = try? container.decode([String: JSONValue].self) {
      self = .object(value)
    } else {
      self = .null
    }
  }

  /// Writes the value; numbers with ten significant digits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .string(let value): try container.encode(value)
    case .number(let value): try container.encode(value.roundedForPrint)
    case .bool(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    case .null: try container.encodeNil()
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
  /// Creates text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// Creates a number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// Creates a number.
  public init(integerLiteral value: Int) { self = .number(Double(value)) }
  /// Creates a truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Creates a list.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

extension Double {
  /// The nearest number of ten significant digits, so that 15 degrees do not print as 14.999999999999998.
  fileprivate var roundedForPrint: Double {
    guard isFinite, self != 0 else { return magnitude == 0 ? 0 : self }
    let decimals = 9 - Int(Foundation.log10(magnitude).rounded(.down))
    // Powers of ten are exact up to 10^22; beyond, and for large numbers, there is nothing to gain.
    guard (1...22).contains(decimals) else { return self }
    let scale = Foundation.pow(10, Double(decimals))
    return (self * scale).rounded() / scale
  }
}
