/// What a method is, in values: its name, the revision of its algorithm, and its parameters with their units.
///
/// Whatever is computed again only where something changed compares configurations, and reports print them. The
/// revision grows whenever the same parameters give other results; a private property that gets another name changes
/// nothing.
///
///     MethodConfiguration("V-SHARP", revision: 2).with("largest radius", 12, "mm").with("threshold", 0.05)
public struct MethodConfiguration: Sendable, Equatable {
  /// The name, as papers have it.
  public var name: String
  /// The revision of the algorithm, from 1.
  public var revision: Int
  /// The parameters in a fixed order.
  public var settings: [Setting] = []

  /// Names a method.
  public init(_ name: String, revision: Int) {
    self.name = name
    self.revision = revision
  }

  /// A parameter.
  public struct Setting: Sendable, Equatable, Codable {
    /// What it is called.
    public var name: String
    /// Its value.
    public var value: Value
    /// The unit of a number.
    public var unit: String?
  }

  /// The value of a parameter.
  public indirect enum Value: Sendable, Equatable {
    /// A number.
    case number(Double)
    /// Several numbers.
    case numbers([Double])
    /// A choice by name; `automatic` for what follows from the data.
    case text(String)
    /// Whether something is done.
    case flag(Bool)
    /// A method within the method.
    case method(MethodConfiguration)
  }
}

extension MethodConfiguration {
  /// The method with one more parameter; without a value, it follows from the data.
  public func with(_ name: String, _ value: Double?, _ unit: String? = nil) -> MethodConfiguration {
    adding(Setting(name: name, value: value.map { .number($0) } ?? .text("automatic"), unit: unit))
  }

  /// The method with one more parameter of several numbers; without, they follow from the data.
  public func with(_ name: String, _ values: [Double]?, _ unit: String? = nil) -> MethodConfiguration {
    adding(Setting(name: name, value: values.map { .numbers($0) } ?? .text("automatic"), unit: unit))
  }

  /// The method with one more whole number.
  public func with(_ name: String, _ value: Int, _ unit: String? = nil) -> MethodConfiguration {
    with(name, Double(value), unit)
  }

  /// The method with one more choice.
  public func with(_ name: String, _ value: String) -> MethodConfiguration {
    adding(Setting(name: name, value: .text(value)))
  }

  /// The method with one more switch.
  public func with(_ name: String, _ value: Bool) -> MethodConfiguration {
    adding(Setting(name: name, value: .flag(value)))
  }

  /// The method with one more method within it; `none` without.
  public func with(_ name: String, _ method: MethodConfiguration?) -> MethodConfiguration {
    adding(Setting(name: name, value: method.map { .method($0) } ?? .text("none")))
  }

  private func adding(_ setting: Setting) -> MethodConfiguration {
    var result = self
    result.settings.append(setting)
    return result
  }
}

extension MethodConfiguration: CustomStringConvertible {
  /// The name with all parameters, in one line.
  public var description: String {
    let settings = settings.map { setting in
      "\(setting.name) \(setting.value)" + (setting.unit.map { " \($0)" } ?? "")
    }
    let version = revision == 1 ? "" : " (revision \(revision))"
    return name + version + (settings.isEmpty ? "" : ": " + settings.joined(separator: ", "))
  }
}

extension MethodConfiguration.Value: CustomStringConvertible {
  /// The value as people write it.
  public var description: String {
    switch self {
    case .number(let value): Self.text(value)
    case .numbers(let values): values.map(Self.text).joined(separator: ", ")
    case .text(let value): value
    case .flag(let value): value ? "yes" : "no"
    case .method(let method): method.settings.isEmpty ? method.description : "[\(method)]"
    }
  }

  private static func text(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int(value))" }
    // What was set in single precision is shown with its own digits.
    let single = Float(value)
    return Double(single) == value ? "\(single)" : "\(value)"
  }
}

extension MethodConfiguration: Codable {
  private enum CodingKeys: String, CodingKey { case name, revision, settings }

  /// Reads a configuration.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      try container.decode(String.self, forKey: .name),
      revision: try container.decode(Int.self, forKey: .revision))
    settings = try container.decodeIfPresent([Setting].self, forKey: .settings) ?? []
  }
}

extension MethodConfiguration.Value: Codable {
  /// Reads a plain JSON value, or a method.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([Double].self) {
      self = .numbers(value)
    } else {
      self = .method(try container.decode(MethodConfiguration.self))
    }
  }

  /// Writes the value as plain JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .number(let value): try container.encode(value)
    case .numbers(let values): try container.encode(values)
    case .text(let value): try container.encode(value)
    case .flag(let value): try container.encode(value)
    case .method(let method): try container.encode(method)
    }
  }
}
