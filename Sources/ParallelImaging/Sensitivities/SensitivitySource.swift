import MRIData
import NDArrays

/// Where the sensitivities of a reconstruction come from.
public enum SensitivitySource: Sendable {
  /// The scan's own calibration data.
  case estimated(any SensitivityEstimation)
  /// The calibration data of another scan of the same object in the same place, with the same field of view and the
  /// same channels; its matrix may be smaller.
  case measured(KSpace, any SensitivityEstimation)
  /// Elsewhere.
  case given(CoilSensitivities)
  /// Several sets, such as those that were found before.
  case sets([CoilSensitivities])

  /// The sensitivities for a scan, one or more sets of them.
  ///
  /// - Precondition: Given sensitivities have the channels and the grid of the scan.
  package func sensitivities(for scan: CompactKSpace) throws(ParallelImagingError) -> [CoilSensitivities] {
    switch self {
    case .estimated(let method):
      return try method.sensitivities(of: CalibrationBlock(scan), geometry: scan.geometry, noise: scan.noise)
    case .measured(let other, let method):
      return try method.sensitivities(
        of: CalibrationBlock(other, for: scan), geometry: scan.geometry, noise: other.noise)
    case .given(let sensitivities):
      return try SensitivitySource.sets([sensitivities]).sensitivities(for: scan)
    case .sets(let sets):
      precondition(
        !sets.isEmpty && sets.allSatisfy { $0.maps.shape == [scan.channels] + scan.geometry.matrix.shape },
        "sensitivities of shapes \(sets.map(\.maps.shape)) for \(scan.channels) channels of \(scan.geometry.matrix)"
      )
      return sets
    }
  }
}

extension CalibrationBlock {
  /// The calibration data of another scan, with the readout of this one.
  ///
  /// - Throws: ``ParallelImagingError/calibrationElsewhere`` if channels or fields of view differ.
  init(_ other: KSpace, for scan: CompactKSpace) throws(ParallelImagingError) {
    let (here, there) = (scan.geometry.fieldOfView, other.geometry.fieldOfView)
    // Steps of k-space must be equal within a tenth over the extent of a typical calibration region.
    let isSame = (0..<3).allSatisfy { abs(here[$0] - there[$0]) <= 0.005 * here[$0] }
    guard isSame, other.channels == scan.channels else { throw .calibrationElsewhere }
    let block = try CalibrationBlock(other.withEmbeddedCalibration)
    func moved(_ range: Range<Int>, _ extent: Int, _ own: Int) -> Range<Int> {
      range.lowerBound + extent / 2 - own / 2..<range.upperBound + extent / 2 - own / 2
    }
    let region = CalibrationRegion(
      lines: moved(block.region.lines, scan.lines, other.lines),
      partitions: moved(block.region.partitions, scan.partitions, other.partitions))
    let (length, own) = (scan.readoutLength, other.readoutLength)
    let shift = length / 2 - own / 2
    self.init(
      whole: NDArray(uninitializedShape: Array(block.samples.shape.dropLast()) + [length]) { target in
        block.samples.withUnsafeBufferPointer { source in
          for index in target.indices {
            let (row, column) = index.quotientAndRemainder(dividingBy: length)
            let isMeasured = (0..<own).contains(column - shift)
            target.initializeElement(at: index, to: isMeasured ? source[row * own + column - shift] : .zero)
          }
        }
      }, region: region, readoutRange: moved(block.readoutRange, length, own).clamped(to: 0..<length))
  }
}
