/// Follows a run: what it says, how far it is, and whether it may go on.
///
///     let observer = RunObserver(report: { print($0) })
public struct RunObserver: Sendable {
  /// Takes sentences for the user.
  public var report: @Sendable (String) -> Void
  /// Is told of a stage that is done to a fraction between 0 and 1.
  public var progress: @Sendable (String, Double) -> Void
  /// Gives way to a wish to stop, by throwing what ends the run.
  public var check: @Sendable () throws -> Void
  /// Puts the library's names for settings, which stand in backticks, into the user's.
  public var wording: @Sendable (String) -> String

  /// Follows nothing unless told to.
  public init(
    report: @escaping @Sendable (String) -> Void = { _ in },
    progress: @escaping @Sendable (String, Double) -> Void = { _, _ in },
    check: @escaping @Sendable () throws -> Void = {},
    wording: @escaping @Sendable (String) -> String = { $0 }
  ) {
    self.report = report
    self.progress = progress
    self.check = check
    self.wording = wording
  }
}
