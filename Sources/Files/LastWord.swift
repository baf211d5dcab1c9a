import CLastWord

/// What the program says when a fault of its own ends it: what was run, and what was being done to which file.
///
/// Files and folders that are not whole are removed then. A program asks for it once, at its start; a library that is used
/// elsewhere changes nothing about how its program ends.
public enum LastWord {
  /// What is done to a file.
  public enum Activity: String, Sendable {
    /// Its content is taken in.
    case reading
    /// It is being made.
    case writing
  }

  /// Prepares to speak.
  ///
  /// - Parameter command: What was run.
  public static func prepare(command: String) { last_word_install(command) }

  /// Notes what begins.
  public static func note(_ activity: Activity, _ path: String) { last_word_note(activity.rawValue, path) }

  /// Has unfinished work removed.
  static func willRemove(_ path: String) { last_word_will_remove(path) }

  /// Has work kept that is finished, or gone.
  static func willKeep(_ path: String) { last_word_will_keep(path) }
}
