import Files
import ImageFiles
import MRIData

/// A number of phase-encoding positions along `ky` and `kz`.
public struct GridExtent: Sendable, Hashable, CustomStringConvertible {
  /// Along `ky`.
  public var lines: Int
  /// Along `kz`.
  public var partitions: Int

  /// Creates extents by axis.
  public init(lines: Int, partitions: Int) {
    self.lines = lines
    self.partitions = partitions
  }

  /// The most positions of a grid that is made or read, 4096 x 4096: more than any scan has.
  ///
  /// Files and options of a few bytes may state any extents, and what is made on a grid takes many bytes per position.
  public static let mostPositions = 1 << 24

  /// Whether there are positions, and no more than any scan has.
  public var isPlausible: Bool { lines > 0 && partitions > 0 && count <= Self.mostPositions }

  /// The extents as users write them, `ky` first.
  public var description: String { "\(lines)x\(partitions)" }
  /// The number of positions.
  ///
  /// `Int.max` beyond any integer, as extents may come from a file.
  public var count: Int {
    let (product, overflows) = lines.multipliedReportingOverflow(by: partitions)
    return overflows ? .max : product
  }
}

extension GridExtent: Codable {
  /// Reads the extents as written by users, such as `"24x24"`.
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let extent = GridExtent(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not of the form 300x72"))
    }
    self = extent
  }

  /// Writes the extents as users write them.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// Reads `LINESxPARTITIONS`, such as `300x72`; a single number is `nil`.
  public init?(_ text: String) {
    let words = text.split(separator: "x", omittingEmptySubsequences: false)
    guard words.count == 2, let lines = Int(words[0]), let partitions = Int(words[1]) else { return nil }
    self.init(lines: lines, partitions: partitions)
  }
}
