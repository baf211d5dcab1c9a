/// A unit family and its factors to SI.
protocol UnitFamily {
  static var units: [(name: String, factor: Double)] { get }
}

/// Times; `6:46` is minutes and seconds.
enum Seconds: UnitFamily {
  static let units: [(name: String, factor: Double)] = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)]
}

/// Lengths.
enum Metres: UnitFamily {
  static let units: [(name: String, factor: Double)] = [("mm", 1e-3), ("cm", 1e-2), ("m", 1.0)]
}

/// Magnetic fields.
enum Tesla: UnitFamily {
  static let units: [(name: String, factor: Double)] = [("mT", 1e-3), ("T", 1.0)]
}

/// Angles.
enum Radians: UnitFamily {
  static let units: [(name: String, factor: Double)] = [("deg", Double.pi / 180), ("rad", 1.0)]
}

/// A number that is written with its unit and held in SI units.
struct Quantity<Family: UnitFamily>: Decodable, Equatable {
  let value: Double

  /// Reads text such as `30.2ms`; for times also `6:46`.
  init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    if Family.self == Seconds.self, parts.count == 2 {
      guard let minutes = Int(parts[0]), let seconds = Double(parts[1]), minutes >= 0, 0..<60 ~= seconds
      else {
        return nil
      }
      value = 60 * Double(minutes) + seconds
      return
    }
    for unit in Family.units where text.hasSuffix(unit.name) {
      let number = text.dropLast(unit.name.count)
      guard let number = Double(number.last == " " ? number.dropLast() : number), number.isFinite else {
        continue
      }
      value = number * unit.factor
      return
    }
    return nil
  }

  init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let quantity = Quantity(text) else {
      let names = Family.units.map(\.name).joined(separator: ", ")
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" has no unit of \(names)"))
    }
    self = quantity
  }
}
