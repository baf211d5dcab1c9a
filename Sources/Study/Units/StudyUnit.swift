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
