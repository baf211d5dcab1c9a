import ArgumentParser
import KSpaceToolkit

/// `kspace info`: one screen of truth about a raw file.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what a raw file holds, and every contradiction between its header and its data.",
    discussion: """
      Headers are read, and of the samples a few around the centre of k-space to compare. What is said here is what `kspace reconstruct` does with the same options. \
      Values with --json are in SI units. For example:

        kspace info scan.h5
        kspace info scan.h5 --matrix 256x1 --echo-times 4ms,9ms,15ms
      """)

  @Argument(help: "The raw file (MRD, HDF5 or stream); - reads a stream from standard input.")
  var raw: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "What the file leaves open") var reading: ReadingArguments

  func run() throws {
    let file = try reading.open(raw)
    let report = ScanReport(file, options: reading.options, skipped: file.skipped)
    try Terminal.deliver(OptionNames.translated(json ? report.json() : report.description))
  }
}

extension Info: ReadingCommand {
  var inputs: [String] { [raw] }
}
