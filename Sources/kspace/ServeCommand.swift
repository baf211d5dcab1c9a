import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace serve`: images for scanners, while the patient still lies in them.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reconstructs scans that a scanner streams, and sends the images back.",
    discussion: """
      Speaks the MRD streaming protocol of FIRE, OpenRecon and Gadgetron: a configuration, the header, acquisitions and \
      the closing message come in; lines for the scanner's log and images go back. A configuration is one of reconstruct \
      (echoes, field, R2*), qsm (susceptibility and SWI as well), default (what the options here say), or a NAME that \
      --config gives to a file of options. Parameters that the operator sets prevail.

      There is no encryption and no password in this protocol: listen at the loopback, or on a network that only the \
      scanner is on.
      """)

  @Option(help: "The port; 0 for any that is free, which is told. (default: 9002)")
  var port: Int?

  @Option(
    help:
      "The address of this machine to listen at; the default is not reached from other machines. (default: 127.0.0.1)"
  )
  var bind: String?

  @Flag(help: "Speak over standard input and output instead of a connection, for one scan.")
  var stdio = false

  @Flag(help: "End after one connection.")
  var once = false

  @Option(help: ArgumentHelp("Keep all that comes in a folder, as MRD streams.", valueName: "folder"))
  var save: String?

  @Option(
    help: ArgumentHelp(
      "A configuration: a name, and a file of the options below, YAML or JSON.", valueName: "NAME=FILE"))
  var config: [String] = []

  @Option(help: "How many scans may come at a time; they are reconstructed one after the other. (default: 8)")
  var sessions: Int?

  @Option(help: "How many threads to use; all cores unless given.")
  var threads: Int?

  @OptionGroup(title: "What is made of scans") var scans: SessionArguments

  func validate() throws {
    let idle = [
      ("--port", port != nil), ("--bind", bind != nil), ("--sessions", sessions != nil), ("--once", once),
    ].filter(\.1).map(\.0)
    if stdio, !idle.isEmpty {
      throw ValidationError(
        "--stdio listens at no address, and for one scan: \(idle.joined(separator: ", ")) would do nothing.")
    }
    if let port, !(0...65535).contains(port) {
      throw ValidationError("--port \(port): 0 to 65535 are possible.")
    }
    if let sessions, !(1...256).contains(sessions) {
      throw ValidationError("--sessions \(sessions): 1 to 256 are possible.")
    }
    if let threads, threads < 1 {
      throw ValidationError("--threads \(threads): at least one thread is needed.")
    }
  }

  func run() throws {
    try Parallelism.withThreads(threads ?? Parallelism.threads) { try serve() }
  }

  private func serve() throws {
    let configurations = try ScanConfigurations(scans, files: config)
    if let save {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: save, isDirectory: &isFolder), isFolder.boolValue,
        FileManager.default.isWritableFile(atPath: save)
      else {
        throw InputError(save, "this is no folder that one may write to", remedy: "Create it first")
      }
    }
    var setting = ScannerSession.Setting { try configurations.recipe(for: $0) }
    setting.folder = save
    setting.log = { Terminal.report("kspace: \($0)") }
    setting.wording = OptionNames.translated
    setting.isStopping = { (try? Interruption.check()) == nil }
    // A peer that is gone is an error of writing, not the end of the program.
    signal(SIGPIPE, SIG_IGN)
    Interruption.postpone()
    let isGood = try stdio ? serveStandardStreams(setting) : listen(setting)
    try Interruption.check()
    if !isGood { throw ExitCode(3) }
  }

  private func serveStandardStreams(_ setting: ScannerSession.Setting) throws -> Bool {
    let stream = DescriptorStream(
      input: dup(STDIN_FILENO), output: dup(STDOUT_FILENO), isStopping: setting.isStopping)
    return ScannerSession(stream, name: "standard input", setting: setting).run()
  }

  private func listen(_ setting: ScannerSession.Setting) throws -> Bool {
    let bind = bind ?? "127.0.0.1"
    let listener = try ScanListener(
      address: bind, port: port ?? 9002, most: sessions ?? 8, setting: setting)
    Terminal.report("kspace: listening at \(bind), port \(listener.port)")
    if bind != "127.0.0.1" && bind != "::1" {
      Terminal.report(
        "kspace: warning: whoever reaches this address can send scans; the protocol knows no password")
    }
    let isGood = listener.run(once: once)
    return once ? isGood : true
  }
}
