import Files

/// What one process makes at a time: one cell of one subject.
public struct StudyUnit: Sendable, Hashable, Codable {
  /// The subject; `nil` in the study of a single one.
  public var subject: String?
  /// The cell.
  public var cell: StudyCell

  /// Names a unit.
  public init(subject: String? = nil, cell: StudyCell) {
    self.subject = subject
    self.cell = cell
  }

  /// How people and files call it: `grappa-af4`, `sub-01/grappa-af4`.
  public var name: String { (subject.map { "\($0)/" } ?? "") + cell.name }
}

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

/// An error that is no failure of what was being made: whoever throws it wants the work to end.
public protocol StopRequest: Error {}
