/// Why raw data could not be read or written: what is wrong, where, and what to do.
public struct RawDataError: Error, Equatable, CustomStringConvertible {
  /// The kind of fault.
  public enum Kind: String, Sendable, Equatable, Codable {
    /// The file is missing or may not be read or written.
    case unreadable
    /// The file is not what MRD prescribes.
    case malformed
    /// The file ends before its content does.
    case truncated
    /// The header contradicts the data and nothing was said to settle it.
    case contradictory
    /// The data are of a kind that the toolkit does not handle.
    case unsupported
    /// The data lack what an image needs.
    case incomplete
  }

  /// The kind of fault.
  public let kind: Kind
  /// The file, as the user named it.
  public let path: String
  /// What is wrong and where.
  public let problem: String
  /// What to do about it.
  public let remedy: String

  /// Creates an error.
  public init(_ kind: Kind, in path: String, _ problem: String, remedy: String) {
    self.kind = kind
    self.path = path
    self.problem = problem
    self.remedy = remedy
  }

  /// One message for the user.
  public var description: String { "\(path): \(problem). \(remedy)." }
}
