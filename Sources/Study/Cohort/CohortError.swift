import Files

/// Why a cohort cannot be studied: what is wrong, where, and what to do.
public enum CohortError: Error, Equatable, CustomStringConvertible {
  /// Neither a table nor a folder with one.
  case missingTable(path: String)
  /// The table cannot be read as one.
  case table(InputError)
  /// A value that is missing or means nothing.
  case badValue(subject: String, column: String, value: String, path: String)
  /// Two lines are of one subject, or of one file.
  case duplicate(String, column: String, path: String)
  /// A file that the table names, or that the folder should hold.
  case missingFile(subject: String, what: String, path: String)
  /// A folder that holds several candidates.
  case ambiguousFile(subject: String, what: String, candidates: [String])
  /// Statistics need more subjects.
  case tooFewSubjects(count: Int, needed: Int)
  /// A subject has other regions than the first one.
  case regionsDiffer(subject: String, missing: [String], additional: [String])
  /// No subject has regions.
  case noRegions(subject: String)

  /// A volume lies on another grid than the images.
  case shapesDiffer(subject: String, what: String, shape: [Int], images: [Int])

  /// One message for the user.
  public var description: String {
    switch self {
    case .missingTable(let path):
      "\(path): no table of subjects. Give a TSV file with the columns participant_id, age, file, labels and mask, or a "
        + "folder with a participants.tsv."
    case .table(let error): error.description
    case .badValue(let subject, let column, let value, let path):
      "\(path): subject \(subject) has the \(column) \"\(value)\". \(Self.remedy(for: column))"
    case .duplicate(let value, let column, let path):
      "\(path): the \(column) \"\(value)\" occurs twice. Every subject counts once: remove a line, or correct it."
    case .missingFile(let subject, let what, let path):
      "\(path): the \(what) of subject \(subject) is not there. Correct the table, or leave the subject out."
    case .ambiguousFile(let subject, let what, let candidates):
      "Subject \(subject) has several files that may be the \(what): \(candidates.joined(separator: ", ")). Name one in "
        + "the table's column \"\(what)\"."
    case .tooFewSubjects(let count, let needed):
      "A cohort of \(count) has no correlations: at least \(needed) subjects are needed. For a single scan, leave "
        + "`cohort` away."
    case .regionsDiffer(let subject, let missing, let additional):
      "Subject \(subject) has other regions than the first subject:"
        + (missing.isEmpty ? "" : " it lacks \(missing.joined(separator: ", "))")
        + (missing.isEmpty || additional.isEmpty ? "" : ", and")
        + (additional.isEmpty ? "" : " it has \(additional.joined(separator: ", ")) besides")
        + ". Give all subjects the same labels, or name those that all have by `labelNames`."
    case .shapesDiffer(let subject, let what, let shape, let images):
      "The \(what) of subject \(subject) have the shape \(shape) (z, y, x), and the images \(images). Give volumes on the "
        + "grid of the reconstruction."
    case .noRegions(let subject):
      "The labels of subject \(subject) hold no region. Check that the label volume is the right one, and that "
        + "`labelNames` names its numbers."
    }
  }

  private static func remedy(for column: String) -> String {
    switch column {
    case "age": "An age in years, 0 to 120, is needed; leave out subjects whose age is unknown."
    case "participant_id": "Names hold letters, digits, hyphens and underscores."
    default: "Correct it, or write n/a."
    }
  }
}
