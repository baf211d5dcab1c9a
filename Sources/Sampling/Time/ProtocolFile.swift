import Files
import Foundation
import MRIData

/// A file of `Protocols/`: what the scanner is told, how k-space is sampled, and what was published about the time.
///
/// Quantities carry their units (`"30.2ms"`); inside the toolkit they are in SI units.
public struct ProtocolFile: Sendable, Equatable {
  /// What the scanner is told.
  public var scan: ScanProtocol
  /// How k-space is sampled, and with which seed.
  public var recipe: MaskRecipe
  /// What was published, for comparison.
  public var published: Published?

  /// What was published about a protocol.
  public struct Published: Sendable, Equatable {
    /// The acquisition time [s].
    public var duration: Double
    /// The acceleration as stated.
    public var acceleration: Double?
    /// Where it was published.
    public var source: String
    /// What is known about the agreement with our accounting.
    public var note: String?
  }

  /// Reads a protocol.
  ///
  /// - Throws: ``SamplingError/file(path:problem:remedy:)`` if the file is absent or cannot be understood.
  public init(at path: String) throws(SamplingError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .file(
        path: path, problem: "no such protocol", remedy: "Give a .json file such as those of Protocols")
    }
    func malformed(_ problem: String) -> SamplingError {
      .file(path: path, problem: problem, remedy: "Compare it with the files of Protocols")
    }
    let content: Content
    do throws(JSONFile.Fault) {
      content = try JSONFile.decode(from: data)
    } catch {
      throw malformed("not a protocol (\(error.reason))")
    }
    if let problem = content.problem ?? Self.unknownKey(data) { throw malformed(problem) }
    scan = content.scan
    recipe = MaskRecipe(
      pattern: content.sampling, grid: GridExtent(lines: scan.matrix.y, partitions: scan.matrix.z),
      seed: content.seed ?? 1)
    published = content.published.map {
      Published(
        duration: $0.duration.value, acceleration: $0.acceleration, source: $0.source, note: $0.note)
    }
  }

  /// What a protocol may say, and within what.
  private static let keys: [String: Set<String>] = [
    "": [
      "name", "fieldStrength", "repetitionTime", "echoTimes", "flipAngle", "matrix", "voxelSize", "averages",
      "dummyRepetitions", "noiseRepetitions", "reference", "sampling", "seed", "published",
    ],
    "reference": ["repetitions", "repetitionTime"],
    "published": ["duration", "acceleration", "source", "note"],
    "sampling": ["generator", "parameters"],
  ]

  /// A key that means nothing here, misspelt as it may be, in words.
  private static func unknownKey(_ data: Data) -> String? {
    guard let object = JSONFile.object(from: data) as? [String: Any] else { return nil }
    for (part, known) in keys.sorted(by: { $0.key < $1.key }) {
      let content = part.isEmpty ? object : object[part] as? [String: Any] ?? [:]
      guard let key = content.keys.sorted().first(where: { !known.contains($0) }) else { continue }
      return
        "\"\(part.isEmpty ? key : "\(part).\(key)")\" is not known; known are \(known.sorted().joined(separator: ", "))"
    }
    return nil
  }

  /// The file as it is written.
  private struct Content: Decodable {
    let name: String
    let fieldStrength: Quantity<Tesla>
    let repetitionTime: Quantity<Seconds>
    let echoTimes: [Quantity<Seconds>]
    let flipAngle: Quantity<Radians>?
    let matrix: [Int]
    let voxelSize: [Quantity<Metres>]
    let averages: Int?
    let dummyRepetitions: Int?
    let noiseRepetitions: Int?
    let reference: Reference?
    let sampling: MaskRecipe.Pattern
    let seed: UInt64?
    let published: PublishedContent?

    struct Reference: Decodable {
      let repetitions: Int
      let repetitionTime: Quantity<Seconds>
    }

    struct PublishedContent: Decodable {
      let duration: Quantity<Seconds>
      let acceleration: Double?
      let source: String
      let note: String?
    }

    /// What decodes but makes no sense.
    var problem: String? {
      if matrix.count != 3 || matrix.contains(where: { !(1...32767).contains($0) }) {
        return "the matrix is \(matrix) instead of three numbers from 1 to 32767, x first"
      }
      if matrix[1] * matrix[2] > GridExtent.mostPositions {
        return "the matrix is \(matrix), whose \(matrix[1] * matrix[2]) lines are too many for any scan"
      }
      if voxelSize.count != 3 || voxelSize.contains(where: { $0.value <= 0 }) {
        return "the voxel size is not three positive lengths, x first"
      }
      if let odd = voxelSize.first(where: { !ScanLimits.voxelSize.contains($0.value) }) {
        return String(format: "a voxel of %g mm is none", odd.value * 1000)
      }
      if !ScanLimits.fieldStrength.contains(fieldStrength.value) {
        return "the field strength is \(fieldStrength.value) T, which no scanner has"
      }
      if !ScanLimits.repetitionTime.contains(repetitionTime.value) {
        return "the repetition time is \(repetitionTime.value) s"
      }
      if let angle = flipAngle?.value, !ScanLimits.flipAngle.contains(angle) {
        return "the flip angle is \(angle * 180 / .pi) degrees"
      }
      if let duration = published?.duration.value, !(0...ScanProtocol.longestTime ~= duration) {
        return "the published duration is \(duration) s"
      }
      if let time = reference?.repetitionTime.value, !(0...ScanProtocol.longestTime ~= time) {
        return "the repetition time of the reference is \(time) s"
      }
      let times = echoTimes.map(\.value)
      if times.isEmpty || times != Array(Set(times)).sorted() || (times.first ?? 0) <= 0 {
        return "the echo times do not rise from above zero"
      }
      if let last = times.last, last >= repetitionTime.value {
        return "the last echo time, \(last) s, is not within the repetition time, \(repetitionTime.value) s"
      }
      let counts: [(name: String, count: Int?, least: Int)] = [
        ("averages", averages, 1), ("dummyRepetitions", dummyRepetitions, 0),
        ("noiseRepetitions", noiseRepetitions, 0), ("reference.repetitions", reference?.repetitions, 0),
      ]
      for (name, count, least) in counts {
        guard let count, !(least...ScanProtocol.mostRepetitions).contains(count) else { continue }
        return "\(name) is \(count), not a number from \(least) to \(ScanProtocol.mostRepetitions)"
      }
      return nil
    }

    /// - Precondition: ``problem`` is `nil`.
    var scan: ScanProtocol {
      ScanProtocol(
        name: name, fieldStrength: fieldStrength.value, repetitionTime: repetitionTime.value,
        echoTimes: echoTimes.map(\.value), flipAngle: flipAngle?.value,
        matrix: Extents(x: matrix[0], y: matrix[1], z: matrix[2]),
        voxelSize: SIMD3(voxelSize[0].value, voxelSize[1].value, voxelSize[2].value),
        averages: averages ?? 1, dummyRepetitions: dummyRepetitions ?? 0,
        noiseRepetitions: noiseRepetitions ?? 0,
        reference: reference.map {
          .init(repetitions: $0.repetitions, repetitionTime: $0.repetitionTime.value)
        })
    }
  }

  /// A Poisson-disk mask of the protocol's grid, outline and seed instead of its own.
  ///
  /// - Parameter acceleration: The acceleration against the full grid.
  /// - Throws: ``SamplingError`` if there is no such mask.
  public func poissonDisk(acceleration: Double) throws(SamplingError) -> SamplingMask {
    var region = recipe.region
    // A box as deep as the grid belongs to parallel imaging along one axis.
    region.calibration.lines = min(24, region.calibration.lines)
    region.calibration.partitions = min(24, region.calibration.partitions)
    return try PoissonDisk(acceleration: acceleration, region: region).mask(
      lines: scan.matrix.y, partitions: scan.matrix.z, seed: recipe.seed)
  }
}

extension ScanProtocol {
  /// More repetitions of one kind than any scan has.
  public static let mostRepetitions = 1_000_000
  /// Longer than any scan [s].
  static let longestTime = 1e6
}
