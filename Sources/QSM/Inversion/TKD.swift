import MRIData
import NDArrays

/// Thresholded k-space division: the field divided by the dipole kernel where that is not too small.
///
/// ```
/// chi^ = f^ / D                       |D| > threshold
/// chi^ = f^ sign(D) / threshold       elsewhere
/// ```
///
/// Fast, with streaks; the susceptibility comes out too small, the more so the larger the threshold.
///
/// - SeeAlso: K. Shmueli et al., "Magnetic susceptibility mapping of brain tissue in vivo using MRI phase data",
///   Magn Reson Med 62:1510, 2009, doi:10.1002/mrm.22135.
public struct TKD: DipoleInversion {
  /// The smallest magnitude of the kernel that is divided by.
  public var threshold: Double
  /// What is computed on.
  public var region: WorkingRegion

  /// Creates the method.
  ///
  /// - Precondition: The threshold is positive.
  public init(threshold: Double = 0.15, region: WorkingRegion = .object(margin: 0.1)) {
    precondition(threshold > 0, "a threshold of \(threshold)")
    self.threshold = threshold
    self.region = region
  }

  /// Computes a susceptibility map.
  public func callAsFunction(_ measurement: FieldMeasurement) throws(QSMError) -> SusceptibilityMap {
    let smallest = Float(threshold)
    return try InversionProblem(measurement, region: region).map { kernel in
      kernel.map { abs($0) > smallest ? 1 / $0 : $0 > 0 ? 1 / smallest : $0 < 0 ? -1 / smallest : 0 }
    }
  }
}
