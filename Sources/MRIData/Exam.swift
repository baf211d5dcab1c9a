/// Who was examined and when, in the words of DICOM; what nobody knows is `nil`.
public struct Exam: Sendable, Equatable {
  /// The patient's name, family name first, parts separated by `^`.
  public var patientName: String?
  /// The patient's number.
  public var patientID: String?
  /// The day of birth as `YYYYMMDD`.
  public var birthDate: String?
  /// `M`, `F` or `O`.
  public var sex: String?
  /// The weight [kg].
  public var weight: Double?
  /// The day of the study as `YYYYMMDD`.
  public var studyDate: String?
  /// The time of the study as `HHMMSS`.
  public var studyTime: String?
  /// The study's number.
  public var studyID: String?
  /// The study's unique identifier.
  public var studyUID: String?
  /// The number of the order.
  public var accessionNumber: String?
  /// Who sent the patient.
  public var referringPhysician: String?
  /// What the study is.
  public var studyDescription: String?
  /// The unique identifier of the coordinates.
  public var frameOfReferenceUID: String?
  /// The hospital.
  public var institution: String?
  /// The scanner's name.
  public var station: String?

  /// Knows nothing.
  public init() {}
}
