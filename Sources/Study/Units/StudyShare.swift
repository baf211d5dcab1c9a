import Files

/// What a run makes of a study.
public enum StudyShare: Sendable, Equatable {
  /// All that is missing; what others are making is waited for.
  case everything
  /// One of several parts, whatever the other parts do.
  case shard(StudyShard)
  /// Nothing: what is there is put together.
  case nothing

  /// Whether a cell of a subject is made.
  func contains(cell: Int, of cells: Int, inSubject subject: Int, of subjects: Int) -> Bool {
    switch self {
    case .everything: true
    case .shard(let shard): shard.contains(member: cell, of: cells, inGroup: subject, of: subjects)
    case .nothing: false
    }
  }
}
