/// Why a study cannot be made: what is wrong, where, and what to do.
public enum StudyError: Error, Equatable, CustomStringConvertible {
  /// No reconstruction has this name.
  case unknownMethod(String, known: [String])
  /// Labels lie on another grid than the images.
  case labelsDiffer(labels: [Int], images: [Int])
  /// The folder holds something else than a study.
  case notAStudy(path: String)

  /// A file cannot be read.
  case unreadable(path: String)

  /// One message for the user.
  public var description: String {
    switch self {
    case .unknownMethod(let name, let known):
      "There is no reconstruction \"\(name)\". Choose among \(known.joined(separator: ", "))."
    case .labelsDiffer(let labels, let images):
      "The labels' shape \(labels) (z, y, x) is not that of the images, \(images). "
        + "Give labels on the grid of the reconstruction."
    case .unreadable(let path):
      "\(path): the file cannot be read. Check that it exists and that you may read it."
    case .notAStudy(let path):
      "\(path): the folder holds files of something else. Choose another --output."
    }
  }
}
