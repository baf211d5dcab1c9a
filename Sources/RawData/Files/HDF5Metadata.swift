/// What leads through an HDF5 file, read as it lies there, within bounds that the file itself sets.
///
/// Structures of a sound file do not overlap. Whoever has read more of them than the file has bytes is led in circles.
struct HDF5Metadata {
  /// Where the addresses of the file count from: its superblock, behind what else the file may begin with.
  private let base: Int
  private let file: InputFile
  /// Where addresses end: with the file, or where it says that it does.
  private let end: Int
  private var left: Int

  /// The address that stands for none.
  static let nowhere = UInt64.max

  init(_ file: InputFile, base: Int, length: UInt64) {
    self.file = file
    self.base = base
    end = min(file.size - base, Int(clamping: length))
    left = end
  }

  /// Reads the bytes of a structure.
  ///
  /// - Throws: ``HDF5Damage`` if the file does not hold them, or cannot be read.
  mutating func bytes(at address: UInt64, count: UInt64, of what: String) throws(HDF5Damage) -> [UInt8] {
    guard let offset = Int(exactly: address), let count = Int(exactly: count), offset <= end,
      count <= end - offset
    else {
      throw HDF5Damage(
        address == Self.nowhere
          ? "\(what) has no address"
          : "\(what) at byte \(address) reaches beyond the \(end) bytes of the file")
    }
    guard count <= left else {
      throw HDF5Damage("its structures overlap or lead in circles; the last was \(what) at byte \(address)")
    }
    left -= count
    guard let bytes = try? file.bytes(at: base + offset, upTo: count), bytes.count == count else {
      throw HDF5Damage("\(what) at byte \(address) cannot be read")
    }
    return bytes
  }

  /// Reads the bytes from an address on, as many as asked for or as there are; none where there is no such address.
  func beginning(at address: UInt64, upTo count: Int) -> [UInt8] {
    guard let offset = Int(exactly: address), offset < end else { return [] }
    return (try? file.bytes(at: base + offset, upTo: min(count, end - offset))) ?? []
  }
}

/// What is wrong with what leads through an HDF5 file.
struct HDF5Damage: Error {
  let problem: String

  init(_ problem: String) { self.problem = problem }
}

extension Array<UInt8> {
  /// The little-endian integer at an offset of any alignment.
  func little<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
    withUnsafeBytes { $0.little(at: offset) }
  }
}
