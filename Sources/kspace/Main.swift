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
      ConvertScan.self, Serve.self, OpenRecon.self,
    ])
}

/// The entry point, which turns errors into the exit statuses that scripts rely on.
@main
enum Main {
  static func main() {
    Interruption.admit()
    do {
      // The libraries are asked for their versions only where somebody wants to know.
      if CommandLine.arguments.dropFirst() == ["--version"] { return try Terminal.deliver(VersionText.text) }
      var command = try KSpaceCommand.parseAsRoot()
      if let threads = (command as? any LongCommand)?.running.threads {
        try Parallelism.withThreads(threads) { try command.run() }
      } else {
        try command.run()
      }
    } catch {
      exit(with: error)
    }
  }

  private static func exit(with error: any Error) -> Never {
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
      Terminal.report("kspace: \(error)")
      Foundation.exit(3)
    }
  }
}
