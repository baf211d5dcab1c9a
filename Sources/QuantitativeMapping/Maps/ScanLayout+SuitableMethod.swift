import ParallelImaging
import RawData

extension ScanLayout {
  /// What reconstructs the scan best by default, in all slices.
  public var suitableMethod: SuitableMethod {
    SuitableMethod(
      masks: sliceCounters.flatMap { masks(slice: $0) },
      calibration: sliceCounters.first.flatMap { calibrationMask(slice: $0) }, channels: channels)
  }
}
