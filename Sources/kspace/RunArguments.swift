import ArgumentParser
import KSpaceToolkit

/// Options that every long command has.
struct RunArguments: ParsableArguments {
  @Option(help: "How many threads to use; all cores unless given.")
  var threads: Int?

  @Option(help: "How to show progress: bar (default on a terminal), json or none.")
  var progress: ProgressStyle?

  @Flag(help: "Say what would be done and what it needs, and stop.")
  var dryRun = false

  @Flag(help: "Replace outputs that exist.")
  var force = false

  func validate() throws {
    if let threads, threads < 1 {
      throw ValidationError("--threads \(threads): at least one thread is needed.")
    }
  }

  /// Starts the progress.
  func begin() -> Progress { Progress(progress) }

  /// Starts the progress, and follows a run of the library on the terminal.
  func observer() -> RunObserver {
    RunObserver(
      report: { Terminal.report("kspace: \($0)") }, progress: begin().report, check: Interruption.check,
      wording: OptionNames.translated)
  }
}

/// Takes what the library refuses for wrong usage.
func usage(_ check: () throws -> Void) throws {
  do { try check() } catch let error as InputError { throw ValidationError("\(error)") }
}

/// A command whose number of threads the user may choose.
protocol LongCommand: ParsableCommand {
  var running: RunArguments { get }
}

extension OutputPath {
  /// Refuses a folder without a name of its own.
  static func checkName(of folder: String, option: String = "--output") throws {
    guard isNameless(folder) else { return }
    throw ValidationError(
      "\(option) \(folder.isEmpty ? "''" : folder): the folder needs a name of its own.")
  }
}

/// The participant's label in file names.
enum Subject {
  /// Refuses what BIDS does not allow.
  static func check(_ label: String) throws {
    guard label.isEmpty || !label.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else { return }
    throw ValidationError("--subject \(label): only ASCII letters and digits are possible.")
  }
}
