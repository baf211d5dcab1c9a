import ArgumentParser
import Foundation
import KSpaceToolkit

/// Results as DICOM, beside the NIfTI files.
struct DICOMArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Also write the images as DICOM, classic MR images in a folder for each series.", valueName: "folder"))
  var dicom: String?

  @Option(
    help: ArgumentHelp(
      "For --dicom: a DICOM file of the same exam, whose patient and study the images belong to.",
      valueName: "file"))
  var template: String?

  /// Refuses arguments that do not go together.
  func check(beside output: String) throws {
    guard let dicom else {
      if template != nil { throw ValidationError("--template belongs to --dicom.") }
      return
    }
    try OutputPath.checkName(of: dicom, option: "--dicom")
    func path(_ name: String) -> String { URL(filePath: name).standardizedFileURL.path }
    if (path(dicom) + "/").hasPrefix(path(output) + "/") || (path(output) + "/").hasPrefix(path(dicom) + "/")
    {
      throw ValidationError("--dicom \(dicom): a folder that is not \(output), nor within it or around it.")
    }
  }

  /// Refuses an output that may not be replaced, before any work.
  func check(replacing: Bool, inputs: [String]) throws {
    guard let dicom else { return }
    try AtomicFolder.check(
      dicom, kind: DICOMResults.kind, replacing: replacing, inputs: inputs + [template].compactMap(\.self))
    if let template { _ = try DICOMStudy(template: template) }
  }

  /// Writes the series, if they are asked for; the folder appears when the closure that is returned is called.
  func prepare(
    _ series: [ResultSeries], exam: Exam, parameters: ScanParameters, isMultislice: Bool, derivation: String,
    replacing: Bool
  ) throws -> () throws -> Void {
    guard let dicom else { return {} }
    let study =
      try template.map { try DICOMStudy(template: $0) } ?? DICOMStudy(exam: exam, parameters: parameters)
    let folder = try AtomicFolder(dicom, kind: DICOMResults.kind, replacing: replacing)
    try DICOMResults(
      in: folder.temporaryPath, study: study, parameters: parameters, isMultislice: isMultislice
    ).write(series, derivation: derivation)
    return { try folder.commit() }
  }

  /// What was written, for the user; empty if nothing was.
  func summary(_ series: [ResultSeries]) -> String {
    dicom.map { "\n\($0): \(series.map(\.title).joined(separator: ", ")) as DICOM" } ?? ""
  }
}
