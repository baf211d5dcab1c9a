import Files

/// A unit that a report lacks, and why.
public struct MissingUnit: Sendable, Equatable, CustomStringConvertible {
  /// Why a unit is not there.
  public enum Reason: Sendable, Equatable {
    /// Nobody has made it yet.
    case missing
    /// It was tried, and could not be made.
    case failed(String)
    /// Somebody is making it.
    case running(WorkClaim.Owner)
  }

  /// The unit.
  public var name: String
  /// Why it is not there.
  public var reason: Reason

  /// The subject, in a group.
  var subject: String { String(name.prefix { $0 != "/" }) }

  /// One sentence.
  public var description: String {
    switch reason {
    case .missing: "\(name) is not made yet."
    case .failed(let message): "\(name) failed: \(message)"
    case .running(let owner): "\(name) is in work (\(owner.description))."
    }
  }
}
