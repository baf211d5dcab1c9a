import Foundation
import KSpaceToolkit
import Numerics

/// A scan as the comparison stores it: samples as BART's array, and beside it what that cannot hold as JSON.
enum ComparisonScan {
  /// What a BART array does not hold.
  struct Description: Codable {
    /// The echo times [s].
    let echoTimes: [Double]
    /// The static field [T].
    let fieldStrength: Double
    /// The extents of a voxel [m], `x` first.
    let voxelSize: [Double]
    /// The standard deviation of the real part of the noise; `nil` if it is not known.
    let noiseDeviation: Float?

    var parameters: ScanParameters { ScanParameters(echoTimes: echoTimes, fieldStrength: fieldStrength) }
    var noise: NoiseLevel { noiseDeviation.map { .whitened(standardDeviation: $0) } ?? .unknown }

    func geometry(_ matrix: Extents) -> Geometry {
      Geometry(matrix: matrix, voxelSize: SIMD3(voxelSize))
    }
  }

  static func write(_ scan: KSpace, to path: String) throws {
    try CFLFile.writeScan(scan.samples, to: path)
    let size = scan.geometry.voxelSize
    let description = Description(
      echoTimes: scan.parameters.echoTimes, fieldStrength: scan.parameters.fieldStrength,
      voxelSize: [size.x, size.y, size.z], noiseDeviation: scan.noise.standardDeviation)
    let encoder = JSONEncoder()
    // A scan of a single echo may not tell its time.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try encoder.encode(description).write(to: URL(filePath: path + ".json"))
  }

  static func description(_ path: String) throws -> Description {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(Description.self, from: Data(contentsOf: URL(filePath: path + ".json")))
  }

  /// Reads a scan, of which a mask says what was acquired; all else is zero already.
  static func read(_ path: String, mask: String?) throws -> KSpace {
    let samples = try CFLFile.readScan(path), description = try description(path)
    let shape = samples.shape
    var acquired = SamplingMask(lines: shape[3], partitions: shape[2])
    if let mask {
      let flags = try CFLFile.readScan(mask).map { $0.real > 0.5 }
      acquired = SamplingMask(isAcquired: flags.reshaped(to: [shape[2], shape[3]]))
    }
    return KSpace(
      samples: samples, masks: Array(repeating: acquired, count: shape[0]),
      parameters: description.parameters,
      geometry: description.geometry(Extents(x: shape[4], y: shape[3], z: shape[2])),
      noise: description.noise)
  }
}
