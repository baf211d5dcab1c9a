import Foundation

/// Which raw file a study is about, and how it was read.
public struct StudyInput: Sendable, Equatable, Codable {
  /// The name of the file.
  public var name: String
  /// Its size [bytes].
  public var bytes: Int
  /// FNV-1a of its content with 64 bits: a guard against accidents, not against forgery.
  public var checksum: String
  /// What the user said where the file is silent or wrong.
  public var options: String

  /// Names an input.
  public init(name: String, bytes: Int, checksum: String, options: String = "") {
    self.name = name
    self.bytes = bytes
    self.checksum = checksum
    self.options = options
  }

  /// Identifies a file by its content.
  ///
  /// - Throws: ``StudyError/unreadable(path:)``.
  public init(at path: String, options: String = "") throws(StudyError) {
    guard let file = FileHandle(forReadingAtPath: path) else { throw .unreadable(path: path) }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var count = 0
    do {
      while let block = try file.read(upToCount: 1 << 22), !block.isEmpty {
        block.withUnsafeBytes { for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 } }
        count += block.count
      }
    } catch {
      throw .unreadable(path: path)
    }
    let digits = String(hash, radix: 16)
    self.init(
      name: URL(filePath: path).lastPathComponent, bytes: count,
      checksum: String(repeating: "0", count: 16 - digits.count) + digits, options: options)
  }
}
