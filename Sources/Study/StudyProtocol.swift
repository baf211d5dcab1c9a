import Foundation
import MRIData

/// How the reference was measured, for readers of a study.
public struct StudyProtocol: Sendable, Equatable, Codable {
  /// The protocol's name, if the file tells.
  public var name: String?
  /// Make and model of the scanner, if the file tells.
  public var scanner: String?
  /// The static field [T].
  public var fieldStrength: Double
  /// The echo times [s].
  public var echoTimes: [Double]
  /// The repetition time [s].
  public var repetitionTime: Double?
  /// The flip angle [rad].
  public var flipAngle: Double?
  /// The number of receive channels.
  public var channels: Int
  /// The number of voxels along `x`, `y` and `z`.
  public var matrix: [Int]
  /// The distance of voxels along `x`, `y` and `z` [m].
  public var voxelSize: [Double]

  init(_ scan: StudyScan) {
    let parameters = scan.parameters, matrix = scan.geometry.matrix, size = scan.geometry.voxelSize
    name = parameters.protocolName
    scanner = [parameters.manufacturer, parameters.model].compactMap(\.self).joined(separator: " ")
    if scanner == "" { scanner = nil }
    fieldStrength = parameters.fieldStrength
    echoTimes = parameters.echoTimes
    repetitionTime = parameters.repetitionTime
    flipAngle = parameters.flipAngle
    channels = scan.channels
    self.matrix = [matrix.x, matrix.y, matrix.z]
    voxelSize = [size.x, size.y, size.z].map(abs)
  }

  /// The parameters in a line each: what is measured, and its value.
  var lines: [(name: String, value: String)] {
    let times = echoTimes.map { ($0 * 1e3).rounded(2) }
    let echoes =
      times.count > 4
      ? "\(times[0]) to \(times[times.count - 1]) ms, \(times.count) echoes"
      : times.joined(separator: ", ") + " ms"
    let field = [fieldStrength.shortest + " T", scanner].compactMap(\.self).joined(separator: ", ")
    return [
      ("Field", field), ("TE", echoes),
      ("TR", repetitionTime.map { "\(($0 * 1e3).rounded(2)) ms" } ?? "unknown"),
      ("Flip angle", flipAngle.map { "\(($0 * 180 / .pi).rounded(1)) degrees" } ?? "unknown"),
      ("Channels", "\(channels)"),
      ("Voxels", voxelSize.map { ($0 * 1e3).rounded(2) }.joined(separator: " x ") + " mm"),
      ("Matrix", matrix.map(String.init).joined(separator: " x ")),
    ]
  }
}
