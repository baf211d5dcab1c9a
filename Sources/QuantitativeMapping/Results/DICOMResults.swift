import Files
import Foundation
import ImageFiles
import MRIData

/// Writes series as DICOM, a folder for each.
public struct DICOMResults {
  private let folder: String
  private let study: DICOMStudy
  private let parameters: ScanParameters
  private let isMultislice: Bool

  /// The results that a folder of this kind holds.
  public static let kind = AtomicFolder.Kind(marker: "series.tsv") { name in
    name == "series.tsv" || name.wholeMatch(of: /\d\d_[A-Za-z0-9]+/) != nil
  }

  /// Prepares to write.
  ///
  /// - Parameters:
  ///   - folder: The folder, which exists.
  ///   - study: Whom and what the images belong to.
  ///   - parameters: What the scanner was told.
  ///   - isMultislice: Whether slices were encoded one by one.
  public init(in folder: String, study: DICOMStudy, parameters: ScanParameters, isMultislice: Bool) {
    self.folder = folder
    self.study = study
    self.parameters = parameters
    self.isMultislice = isMultislice
  }

  /// Writes all series.
  ///
  /// - Parameters:
  ///   - series: The series, in the order of their numbers.
  ///   - derivation: What they were made by, in a sentence.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func write(_ series: [ResultSeries], derivation: String) throws {
    var rows = ["folder\tshows\tunit\tper_unit\timages\tclipped"]
    for (number, part) in series.enumerated() {
      let coding = part.coding(for: .archive), name = String(format: "%02d_", number + 1) + part.kind.rawValue
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: false)
      let unit = part.storedUnit(for: coding)
      try DICOMSeries(
        title: part.title, imageType: part.kind.imageType, volumes: part.volumes, echoTimes: part.echoTimes,
        echoes: part.echoes, coding: coding, unit: unit == "a.u." ? "US" : unit,
        window: part.window(for: coding),
        derivation: derivation
      ).write(
        to: "\(folder)/\(name)", number: number, of: study, parameters: parameters, isMultislice: isMultislice
      )
      let images = part.volumes.count * part.volumes.geometry.matrix.z
      rows.append(
        "\(name)\t\(part.title)\t\(unit)\t\(coding.factor)\t\(images)\t\(part.clippedCount(by: coding))")
    }
    try AtomicFile.write(rows.joined(separator: "\n") + "\n", to: folder + "/series.tsv")
  }
}

extension ResultSeries.Kind {
  /// The third and fourth value of DICOM's image type: the standard's word, and the one that people know.
  fileprivate var imageType: [String] {
    switch self {
    case .magnitude: ["OTHER", "M"]
    case .phase: ["PHASE MAP", "P"]
    case .field: ["OTHER", "FIELD_MAP"]
    case .r2Star: ["OTHER", "R2_STAR_MAP"]
    case .susceptibility: ["OTHER", "QSM"]
    case .weighted: ["OTHER", "SWI"]
    }
  }
}
