import ArgumentParser
import Foundation
import KSpaceToolkit

/// The command; one file per subcommand.
struct KSpaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kspace",
    abstract: "From raw MRI k-space to images and quantitative maps.",
    discussion: """
      Exit status: 0 done, 2 wrong usage, 3 bad input, 4 done in part, 75 try again.
      """,
    version: ToolkitVersion.text,
    subcommands: [
      Info.self, Phantom.self, Mask.self, Undersample.self, Reconstruct.self, MapSusceptibility.self,
      Compare.self, ViewImages.self, StudyCommand.self, Workflow.self, BIDSApp.self, AppFiles.self, Time.self,
      ConvertScan.self, ExportNetwork.self, Serve.self, OpenRecon.self,
    ])
}

/// A command that reads files, of which an error names one.
protocol ReadingCommand: ParsableCommand {
  /// The files that the command line names, the most important one first.
  var inputs: [String] { get }
}

/// The entry point, which turns errors into the exit statuses that scripts rely on.
@main
enum Main {
  static func main() {
    Interruption.admit()
    LastWord.prepare(command: CommandLine.arguments.dropFirst().joined(separator: " "))
    var inputs: [String] = []
    do {
      // The libraries are asked for their versions only where somebody wants to know.
      if CommandLine.arguments.dropFirst() == ["--version"] { return try Terminal.deliver(VersionText.text) }
      var command = try KSpaceCommand.parseAsRoot()
      inputs = (command as? any ReadingCommand)?.inputs ?? []
      if let threads = (command as? any LongCommand)?.running.threads {
        try Parallelism.withThreads(threads) { try command.run() }
      } else {
        try command.run()
      }
    } catch {
      exit(with: error, inputs)
    }
  }

  /// A message with the file that it is about: methods know data, and not where they came from.
  private static func placed(_ message: String, _ inputs: [String]) -> String {
    guard let first = inputs.first, !inputs.contains(where: { message.contains($0) }) else { return message }
    // What names a place does so at its beginning.
    let place = message.prefix { $0 != ":" }
    let isPlaced =
      place.count < message.count
      && (!place.contains(" ") || CommandLine.arguments.contains { message.hasPrefix($0) }
        || place == "standard output")
    return isPlaced ? message : "\(first): \(message)"
  }

  private static func exit(with error: any Error, _ inputs: [String]) -> Never {
    if let status = error as? ExitCode { Foundation.exit(status.rawValue) }
    if let request = error as? Interruption.Request { Foundation.exit(request.status) }
    if error is WorkClaim.Busy {
      Terminal.report("kspace: \(error)")
      Foundation.exit(75)
    }
    switch KSpaceCommand.exitCode(for: error) {
    case .success:
      // A request for help or for the version.
      KSpaceCommand.exit(withError: error)
    case .validationFailure:
      Terminal.report(KSpaceCommand.fullMessage(for: error))
      Foundation.exit(2)
    default:
      Terminal.report("kspace: \(placed("\(error)", inputs))")
      Foundation.exit(3)
    }
  }
}
