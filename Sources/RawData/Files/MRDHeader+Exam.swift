import MRIData

extension MRDHeader {
  /// Who was examined and when, as far as the header says.
  public var exam: Exam {
    var exam = Exam()
    guard let root = try? HeaderElement.root(of: xml) else { return exam }
    let subject = root["subjectInformation"], study = root["studyInformation"]
    let measurement = root["measurementInformation"], system = root["acquisitionSystemInformation"]
    exam.patientName = subject?.string("patientName")
    exam.patientID = subject?.string("patientID")
    exam.birthDate = subject?.string("patientBirthdate")?.digits(8)
    exam.sex = subject?.string("patientGender").flatMap { ["M", "F", "O"].contains($0) ? $0 : nil }
    exam.weight = subject?.number("patientWeight_kg")
    exam.studyDate = study?.string("studyDate")?.digits(8)
    exam.studyTime = study?.string("studyTime")?.digits(6)
    exam.studyID = study?.string("studyID")
    exam.studyUID = study?.string("studyInstanceUID")
    exam.accessionNumber = study?.string("accessionNumber")
    exam.referringPhysician = study?.string("referringPhysicianName")
    exam.studyDescription = study?.string("studyDescription")
    exam.frameOfReferenceUID = measurement?.string("frameOfReferenceUID")
    exam.institution = system?.string("institutionName")
    exam.station = system?.string("stationName")
    return exam
  }
}

extension String {
  /// The first digits, without what separates them; `nil` if there are fewer.
  ///
  /// XML has `2026-11-29`, DICOM `20261129`.
  fileprivate func digits(_ count: Int) -> String? {
    let digits = filter { $0.isASCII && $0.isNumber }.prefix(count)
    return digits.count == count ? String(digits) : nil
  }
}
