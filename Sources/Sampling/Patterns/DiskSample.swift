import MRIData

/// A Poisson-disk mask together with the distance that its samples keep.
public struct DiskSample: Sendable, Equatable {
  /// The acquired positions.
  public let mask: SamplingMask
  /// The radius at the centre of k-space that every pair of samples outside the calibration box respects.
  ///
  /// In units of the metric: steps of the grid for ``SamplingMetric/index``.
  public let scale: Double

  init(_ grid: SamplingGrid, _ packing: DiskPacking, _ state: DiskPacking.State) {
    mask = grid.mask(acquiring: state.positions)
    scale = packing.respectedScale(state)
  }
}
