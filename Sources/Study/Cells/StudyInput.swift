import Files
import Foundation
import ImageFiles
import RawData

/// Which raw file a scan was read from, and how.
public struct StudyInput: Sendable, Equatable, Codable {
  /// The name of the file.
  public var name: String
  /// Its size [bytes].
  public var bytes: Int
  /// SHA-256 of its content.
  public var checksum: String
  /// Which of its scans was read, and what the user said where the file is silent or wrong.
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
  /// - Parameters:
  ///   - path: The file.
  ///   - checksum: Its SHA-256, if that is known already.
  ///   - options: What the user said where the file is silent or wrong.
  /// - Throws: ``FileError`` if it cannot be read.
  public init(at path: String, checksum: String? = nil, options: String = "") throws(FileError) {
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    var sum = checksum ?? ""
    if checksum == nil { sum = try SHA256.digest(ofFile: path) }
    self.init(
      name: URL(filePath: path).lastPathComponent, bytes: size ?? 0, checksum: sum, options: options)
  }

  /// What a scan follows from besides its file.
  ///
  /// - Parameters:
  ///   - options: What the user said where the file is silent or wrong.
  ///   - group: The group of an HDF5 file, which may hold several scans.
  ///   - others: Whatever else was said, in words.
  static func account(_ options: ReadingOptions, group: String?, _ others: [String] = []) -> String {
    ([options.account, group.map { "group \($0)" } ?? ""] + others).filter { !$0.isEmpty }
      .joined(separator: "; ")
  }

  /// How the input differs from another, in words; `nil` if it does not.
  func difference(from other: StudyInput) -> String? {
    guard self != other else { return nil }
    guard (name, bytes, checksum) == (other.name, other.bytes, other.checksum) else {
      return "another scan (\(name))"
    }
    return "\(name) read in another way (\(options.isEmpty ? "as it is" : options))"
  }

  /// The name by which cells call the scan: that of the file without its ending, letters, digits and hyphens alone.
  public var scanName: String { Self.scanName(of: name) }

  /// The name by which cells call the scan of a file.
  static func scanName(of file: String) -> String {
    let stem = file.split(separator: ".").first ?? "scan"
    return String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
}
