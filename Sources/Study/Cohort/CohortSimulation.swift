import Files
import Foundation
import MRIData
import Phantoms
import RawData

/// What the scans of a simulated cohort have in common; each subject adds age and seed.
///
/// The subjects are simulated when they are needed: 59 raw files need not lie on a disk.
public struct CohortSimulation: Codable, Equatable, Sendable {
  /// The file that holds it, beside `participants.tsv`.
  public static let file = "phantom.json"

  /// The program that wrote it.
  var generatedBy = "kspace \(ToolkitVersion.text)"
  /// The number of voxels, readout first.
  var matrix: [Int]
  /// The size of voxels [mm].
  var voxelSize: [Double]
  /// The number of receive channels.
  var channels: Int
  /// The echo times [ms].
  var echoTimes: [Double]
  /// The signal-to-noise ratio, as `kspace phantom` defines it.
  var signalToNoise: Double

  /// Reads the file of a folder; `nil` if there is none.
  ///
  /// - Throws: ``InputError`` if it is damaged.
  init?(in folder: String) throws {
    let path = "\(folder)/\(Self.file)"
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    do {
      self = try JSONFile.decode(Self.self, from: data)
    } catch {
      throw InputError(
        path, "this does not describe a simulated cohort", remedy: "Simulate the cohort anew"
      )
    }
    guard matrix.count == 3, voxelSize.count == 3, matrix.allSatisfy({ (1...4096).contains($0) }),
      voxelSize.allSatisfy({ $0 > 0 }), (1...1024).contains(channels), !echoTimes.isEmpty, signalToNoise > 0
    else {
      throw InputError(
        path, "its numbers cannot be those of a scan", remedy: "Simulate the cohort anew")
    }
  }

  /// Describes a cohort in SI units.
  public init(
    matrix: Extents, voxelSize: SIMD3<Double>, channels: Int, echoTimes: [Double], signalToNoise: Double
  ) {
    self.matrix = [matrix.x, matrix.y, matrix.z]
    self.voxelSize = (0..<3).map { Self.rounded(1000 * voxelSize[$0]) }
    self.channels = channels
    self.echoTimes = echoTimes.map { Self.rounded(1000 * $0) }
    self.signalToNoise = signalToNoise
  }

  private static func rounded(_ value: Double) -> Double { (value * 1e6).rounded() / 1e6 }

  private var geometry: Geometry {
    var geometry = HeadPhantom.defaultGeometry
    geometry.matrix = Extents(x: matrix[0], y: matrix[1], z: matrix[2])
    geometry.voxelSize = SIMD3(voxelSize[0], voxelSize[1], voxelSize[2]) / 1000
    return geometry
  }

  /// One subject in the scanner.
  ///
  /// Seeds differ between subjects, and with them folds, sizes, iron, noise, the receivers' phases and how the
  /// array is turned about the head.
  func phantom(seed: UInt64, age: Double) -> HeadPhantom {
    var generator = SeededGenerator(seed: seed, stream: 0xC01)
    return HeadPhantom(
      HeadAnatomy(seed: seed, age: age), geometry: geometry,
      parameters: .spoiledGradientEcho(echoTimes: echoTimes.map { $0 / 1000 }), channels: channels,
      signalToNoise: signalToNoise, arrayTurn: generator.uniform(in: 0..<2 * .pi))
  }

  /// How large the scans are, and what a simulation takes.
  var size: (size: ScanSize, needs: MethodNeeds) {
    let needs = HeadPhantom.needs(
      of: HeadAnatomy(seed: 1, age: 45), geometry: geometry, channels: channels, echoes: echoTimes.count)
    let size = ScanSize(
      matrix: geometry.matrix, voxelSize: geometry.voxelSize, channels: channels, echoes: echoTimes.count)
    return (size, needs)
  }

  /// What identifies a subject's scan: everything that its samples follow from.
  func input(_ name: String, seed: UInt64, age: Double) throws -> StudyInput {
    let text = try JSONFile.line(of: self), options = "simulated: seed \(seed), age \(age)"
    return StudyInput(
      name: name, bytes: 0, checksum: String(SHA256.digest(of: Array((text + options).utf8)).prefix(16)),
      options: options)
  }
}
