/// Something about a raw file that its user should know: what is wrong, what is assumed, how to say otherwise.
public struct Finding: Sendable, Equatable, Codable {
  /// How much it matters.
  public enum Severity: String, Sendable, Codable {
    /// Good to know; nothing was guessed.
    case note
    /// Header and data disagree, or something is missing; an assumption was made.
    case warning
    /// No image can be made before this is settled.
    case error
  }

  /// How much it matters.
  public let severity: Severity
  /// The kind of fault, for errors.
  public let kind: RawDataError.Kind?
  /// What is the case, and where.
  public let problem: String
  /// What is assumed.
  public let assumption: String?
  /// What to do or to say if the assumption is wrong, or to settle an error.
  public let remedy: String?

  /// Something good to know.
  static func note(_ problem: String, assuming assumption: String? = nil, remedy: String? = nil) -> Finding {
    Finding(severity: .note, kind: nil, problem: problem, assumption: assumption, remedy: remedy)
  }

  /// A contradiction or gap that an assumption bridges.
  static func warning(_ problem: String, assuming assumption: String, remedy: String? = nil) -> Finding {
    Finding(severity: .warning, kind: nil, problem: problem, assumption: assumption, remedy: remedy)
  }

  /// Something that must be settled first.
  static func error(_ kind: RawDataError.Kind, _ problem: String, remedy: String) -> Finding {
    Finding(severity: .error, kind: kind, problem: problem, assumption: nil, remedy: remedy)
  }
}

extension Finding: CustomStringConvertible {
  /// One line: what is the case, what is assumed, what can be done.
  public var description: String {
    ([problem] + [assumption.map { "Assumed: \($0)" }, remedy].compactMap(\.self)).joined(separator: ". ")
      + "."
  }
}

extension RawDataError {
  /// The error that a finding is for the reader of one file.
  init(_ finding: Finding, in path: String) {
    self.init(
      finding.kind ?? .contradictory, in: path, finding.problem, remedy: finding.remedy ?? "See `kspace info`"
    )
  }
}
