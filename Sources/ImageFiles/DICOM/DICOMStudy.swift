import Files
import Foundation
import MRIData

/// The study that images are added to: patient, exam and equipment, from a file of the same exam or from what is known.
public final class DICOMStudy {
  /// The number of the first series.
  let firstSeries: Int
  private let elements: [(tag: DICOMTag, value: String?)]
  private let template: DICOMDataset?
  private let (date, time): (String, String)

  /// What all series of an exam have in common.
  private static let shared: [DICOMTag] = [
    .characterSet, .studyDate, .studyTime, .accessionNumber, .manufacturer, .institution, .referringPhysician,
    .station, .studyDescription, .model, .patientName, .patientID, .birthDate, .sex, .age, .size, .weight,
    .bodyPart, .serialNumber, .patientPosition, .studyUID, .studyID, .frameOfReferenceUID, .positionReference,
  ]

  /// Takes the study from a DICOM file of the same exam.
  ///
  /// - Throws: ``FileError`` if it cannot be read, or belongs to no study.
  public init(template path: String) throws(FileError) {
    try DICOMDataset.check()
    let template = try DICOMDataset(at: path)
    guard template[.studyUID] != nil else {
      throw .malformed(path: path, reason: "the file belongs to no study")
    }
    self.template = template
    elements = []
    firstSeries = (template[.seriesNumber].flatMap(Int.init) ?? 0) * 100 + 1
    (date, time) = Self.now
  }

  /// Describes a study by what is known of it; the rest is empty, or new.
  ///
  /// - Throws: ``FileError`` if DICOM cannot be written here.
  public init(exam: Exam, parameters: ScanParameters) throws(FileError) {
    try DICOMDataset.check()
    func identifier(_ text: String?) -> String {
      text.flatMap { DICOMIdentifier.isValid($0) ? $0 : nil } ?? DICOMIdentifier.unique()
    }
    template = nil
    firstSeries = 1
    (date, time) = Self.now
    elements = [
      (.characterSet, "ISO_IR 192"), (.studyDate, exam.studyDate), (.studyTime, exam.studyTime),
      (.accessionNumber, exam.accessionNumber?.plain(16)),
      (.manufacturer, parameters.manufacturer?.plain(64)),
      (.institution, exam.institution?.plain(64)), (.referringPhysician, exam.referringPhysician?.plain(64)),
      (.station, exam.station?.plain(16)), (.studyDescription, exam.studyDescription?.plain(64)),
      (.model, parameters.model?.plain(64)), (.patientName, exam.patientName?.plain(64)),
      (.patientID, exam.patientID?.plain(64)), (.birthDate, exam.birthDate), (.sex, exam.sex),
      (.weight, exam.weight.map(DICOMSeries.decimal)),
      (.patientPosition, parameters.patientPosition?.plain(16)), (.studyUID, identifier(exam.studyUID)),
      (.studyID, exam.studyID?.plain(16)), (.frameOfReferenceUID, identifier(exam.frameOfReferenceUID)),
      (.positionReference, nil),
    ]
  }

  /// Elements that a file must have, even if nobody knows their value.
  private static let required: Set<DICOMTag> = [
    .studyDate, .studyTime, .accessionNumber, .manufacturer, .referringPhysician, .patientName, .patientID,
    .birthDate, .sex, .studyID, .laterality, .positionReference,
  ]

  /// Starts a file of the study.
  func dataset() -> DICOMDataset {
    let set = DICOMDataset()
    for tag in Self.required { set[tag] = nil }
    for (tag, value) in elements where value != nil { set[tag] = value }
    if let template { for tag in Self.shared { set.copy(tag, from: template) } }
    set[.contentDate] = date
    set[.contentTime] = time
    return set
  }

  private static var now: (String, String) {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyyMMdd HHmmss"
    let words = formatter.string(from: Date()).split(separator: " ").map(String.init)
    return (words[0], words[1])
  }
}

extension String {
  /// The text without what DICOM gives a meaning, cut to a length.
  fileprivate func plain(_ length: Int) -> String {
    String(
      filter { $0 != "\\" && !$0.isNewline && !$0.unicodeScalars.contains { $0.value < 32 } }.prefix(length))
  }
}
