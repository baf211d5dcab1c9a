/// The superblock of an HDF5 file: where its first structures lie.
///
/// - SeeAlso: HDF5 File Format Specification 3.0, section II.A "Disk Format: Level 0A - Format Signature and Superblock".
struct HDF5Superblock {
  /// The bytes of an address and of a length.
  let addressSize: Int
  let lengthSize: Int
  /// The object headers that are read first, that of the root group among them.
  let headers: [UInt64]
  /// How long the file is said to be from its superblock on [byte].
  let length: UInt64
  /// Whether a writer has the file open, or broke off.
  let isBeingWritten: Bool

  /// Reads a superblock; `nil` if it is none, or of a version that is the library's to explain.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 48 else { return nil }
    let version = bytes[8]
    switch version {
    case 0, 1:
      addressSize = Int(bytes[13])
      lengthSize = Int(bytes[14])
      isBeingWritten = false
      // Version 1 has one rank of trees more.
      let start = version == 0 ? 24 : 28
      guard bytes.count >= start + 72 else { return nil }
      headers = [bytes.little(at: start + 40), bytes.little(at: start + 8)]
      length = bytes.little(at: start + 16) &- bytes.little(at: start)
    case 2, 3:
      addressSize = Int(bytes[9])
      lengthSize = Int(bytes[10])
      // Bit 0: open for writing; bit 2: for writing while others read.
      isBeingWritten = version == 3 && bytes[11] & 5 != 0
      headers = [bytes.little(at: 36), bytes.little(at: 20)]
      length = bytes.little(at: 28) &- bytes.little(at: 12)
    default: return nil
    }
  }

  /// The longest superblock that is known [byte].
  static let longest = 100
}
