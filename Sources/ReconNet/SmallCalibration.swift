import Files
import MRIData

extension [SamplingMask] {
  /// The smallest box of calibration data for which networks were trained to keep small structures.
  static var smallestTrainedBox: Int { 12 }

  /// What a network makes of a scan whose fully sampled centre is smaller than most that it was trained with.
  func smallCalibrationWarnings<Network>(of network: Network.Type) -> [String] {
    guard let mask = first, !allSatisfy(\.isFullySampled) else { return [] }
    let region = mask.calibrationRegion
    let lines = region?.lines.count ?? 0, partitions = region?.partitions.count ?? 0
    let smallest = mask.partitions == 1 ? lines : Swift.min(lines, partitions)
    guard smallest < Self.smallestTrainedBox else { return [] }
    return [
      "The fully sampled centre of k-space has \(lines)x\(partitions) positions (ky x kz); \(network) was trained with "
        + "boxes of about \(Self.smallestTrainedBox) and more: small structures such as nuclei may fade. Measure a larger "
        + "centre, or compare with L1-SENSE."
    ]
  }
}
