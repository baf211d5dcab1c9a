import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace info`: one screen of truth about a raw file.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell what a raw file holds, and every contradiction between its header and its data.",
    discussion: """
      Nothing but headers is read. What is said here is what `kspace reconstruct` does with the same options. \
      Values with --json are in SI units.
      """)

  @Argument(help: "The raw file (MRD, HDF5 or stream); - reads a stream from standard input.")
  var raw: String

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "What the file leaves open") var reading: ReadingArguments

  func run() throws {
    let file = try reading.open(raw)
    let report = ScanReport(file, options: reading.options, skipped: file.skipped)
    guard json else { return try write(report.description) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try write(String(decoding: try encoder.encode(report), as: UTF8.self))
  }

  /// Writes to the standard output and makes sure that it arrives; `print` does not.
  private func write(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      let reason = error.localizedDescription.trimmingCharacters(in: .punctuationCharacters)
      throw RawDataError(
        .unreadable, in: "standard output", "it cannot be written (\(reason))",
        remedy: "Make room where it goes, or check the program that reads it")
    }
  }
}
