/// Why what was given cannot be used: where, what is wrong with it, and what to do.
public struct InputError: Error, Equatable, CustomStringConvertible {
  /// The file, the option or the thing that is meant, as the user named it.
  public let place: String
  /// What is wrong with it.
  public let problem: String
  /// What to do about it.
  public let remedy: String

  /// Creates an error; problem and remedy have no full stop.
  public init(_ place: String, _ problem: String, remedy: String) {
    self.place = place
    self.problem = problem
    self.remedy = remedy
  }

  /// One message for the user.
  public var description: String { "\(place): \(problem). \(remedy)." }
}
