import Foundation

/// Unique identifiers of DICOM.
enum DICOMIdentifier {
  /// A new one, of a random UUID: `2.25.` and its 128 bits as a decimal number (ISO/IEC 9834-8, DICOM PS3.5 B.2).
  static func unique() -> String {
    let bytes = withUnsafeBytes(of: UUID().uuid) { Array($0) }
    let number = bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
    return "2.25.\(number)"
  }

  /// Whether a text is one: numbers without leading zeros between dots, 64 characters at most.
  static func isValid(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return text.count <= 64 && parts.count > 1
      && parts.allSatisfy { part in
        !part.isEmpty && part.allSatisfy { $0.isASCII && $0.isNumber } && (part == "0" || part.first != "0")
      }
  }
}
