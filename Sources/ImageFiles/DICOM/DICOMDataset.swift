import CDICOM
import Files
import Foundation

/// The elements of one DICOM file.
final class DICOMDataset {
  private let set: OpaquePointer

  /// Makes sure that data sets can be written.
  ///
  /// - Throws: ``FileError/unsupported(path:feature:advice:)`` if DCMTK lacks its dictionary.
  static func check() throws(FileError) {
    guard kspace_dicom_knows_elements() != 0 else {
      throw .unsupported(
        path: "DICOM", feature: "elements whose dictionary DCMTK does not find",
        advice: "Install DCMTK in whole, or set DCMDICTPATH to its dicom.dic.")
    }
  }

  /// An empty one.
  init() {
    guard let set = kspace_dicom_create() else { preconditionFailure("no memory for a DICOM data set") }
    self.set = set
  }

  /// Reads a file, all but its pixels.
  ///
  /// - Throws: ``FileError``.
  init(at path: String) throws(FileError) {
    try RegularFile.length(path)
    var reason = [CChar](repeating: 0, count: 256)
    guard let set = kspace_dicom_read(path, &reason, reason.count) else {
      throw .unreadable(path: path, reason: "as DICOM: " + Self.text(reason))
    }
    self.set = set
  }

  deinit { kspace_dicom_release(set) }

  /// The text of an element; `nil` where it is absent or empty, and when it is set to `nil`, it becomes empty.
  subscript(tag: DICOMTag) -> String? {
    get {
      var text = [CChar](repeating: 0, count: 1024)
      guard kspace_dicom_get(set, tag.group, tag.element, &text, text.count) == 0 else { return nil }
      let value = Self.text(text).trimmingCharacters(in: .whitespaces)
      return value.isEmpty ? nil : value
    }
    set {
      let done = kspace_dicom_put(set, tag.group, tag.element, newValue ?? "")
      precondition(done == 0, "DICOM element \(tag) takes no \(newValue ?? "")")
    }
  }

  /// Copies an element, if it is there.
  func copy(_ tag: DICOMTag, from source: DICOMDataset) {
    _ = kspace_dicom_copy(set, source.set, tag.group, tag.element)
  }

  /// Sets the pixels.
  func setPixels(_ codes: [UInt16]) {
    let done = kspace_dicom_put_pixels(set, codes, codes.count)
    precondition(done == 0, "no memory for \(codes.count) pixels")
  }

  /// Writes the file.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  func write(to path: String) throws(FileError) {
    var reason = [CChar](repeating: 0, count: 256)
    guard kspace_dicom_write(set, path, &reason, reason.count) == 0 else {
      throw .cannotWrite(path: path, reason: Self.text(reason))
    }
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
