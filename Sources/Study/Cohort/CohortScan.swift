import MRIData
import NDArrays

/// The scan of one subject, and where in it values are taken.
public struct CohortScan: Sendable {
  /// What was measured.
  public var scan: SliceStack
  /// The regions.
  public var labels: LabelVolume
  /// The voxels that count, axes `[z, y, x]`; without it, the reference's object.
  public var mask: NDArray<Bool>?
  /// The susceptibility [ppm] where it is known, axes `[z, y, x]`, to a constant.
  public var truth: NDArray<Float>?
  /// How often spins were excited.
  public var excitations: ScanExcitations

  /// Collects a scan.
  public init(
    _ scan: SliceStack, labels: LabelVolume, mask: NDArray<Bool>? = nil, truth: NDArray<Float>? = nil,
    excitations: ScanExcitations = .onePerPosition
  ) {
    self.scan = scan
    self.labels = labels
    self.mask = mask
    self.truth = truth
    self.excitations = excitations
  }
}
