import MRIData

/// How long a scan takes, from the samples that are counted.
///
/// ```
/// T = TR (averages * N + dummies + noise) + T_reference
/// ```
///
/// `N` is the number of distinct `(ky, kz)` positions of the mask, calibration included. Echoes are free: they are
/// read in the same repetition, so that for masks that differ between echoes `N` is that of the fullest one.
/// A nominal acceleration never enters.
public struct AcquisitionTime: Sendable, Equatable, Codable {
  /// The number of positions.
  public let positions: Int
  /// The number of repetitions, reference scan not counted.
  public let repetitions: Int
  /// The time of the separate reference scan [s].
  public let reference: Double
  /// The time in all [s].
  public let duration: Double

  /// The number of positions per second of scan [1/s].
  public var positionsPerSecond: Double { Double(positions) / duration }

  /// Counts a scan.
  ///
  /// - Throws: ``SamplingError`` if a mask is empty or has other extents than the protocol.
  public init(_ scan: ScanProtocol, masks: [SamplingMask]) throws(SamplingError) {
    let grid = GridExtent(lines: scan.matrix.y, partitions: scan.matrix.z)
    for mask in masks {
      guard mask.extent == grid else { throw .extentsDiffer(mask: mask.extent, data: grid) }
    }
    positions = masks.map(\.acquiredCount).max() ?? 0
    guard positions > 0 else { throw .empty(grid: grid) }
    repetitions = scan.averages * positions + scan.dummyRepetitions + scan.noiseRepetitions
    reference = scan.reference?.duration ?? 0
    duration = Double(repetitions) * scan.repetitionTime + reference
  }

  /// A time as scanners show it, minutes and seconds.
  public static func text(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e15 else { return "more than can be told" }
    let whole = Int(seconds.rounded())
    return "\(whole / 60):\(whole % 60 < 10 ? "0" : "")\(whole % 60)"
  }
}
