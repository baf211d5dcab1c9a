import Files
import Foundation
import ImageFiles

/// Which raw file a scan was read from, and how.
public struct StudyInput: Sendable, Equatable, Codable {
  /// The name of the file.
  public var name: String
  /// Its size [bytes].
  public var bytes: Int
  /// SHA-256 of its content.
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

  /// The name by which cells call the scan: that of the file without its ending, letters, digits and hyphens alone.
  public var scanName: String { Self.scanName(of: name) }

  /// The name by which cells call the scan of a file.
  static func scanName(of file: String) -> String {
    let stem = file.split(separator: ".").first ?? "scan"
    return String(stem.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
  }
}
