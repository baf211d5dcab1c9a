import MRIData
import NDArrays

/// A susceptibility map, and how it was found.
public struct SusceptibilityMap: Sendable {
  /// The susceptibility [ppm] relative to the reference region; zero outside the mask.
  public var susceptibility: ImageVolumes<Float>
  /// The mean over the reference region that was subtracted [ppm].
  public var referenceValue: Double
  /// The number of iterations; 0 for a closed form.
  public var iterations: Int
  /// The change of the last iteration relative to the map.
  public var change: Double
  /// The weight of the gradient that was used [ppm mm]; absent where a method has none.
  public var regularization: Double?
  /// The standard deviation of the field that the weight follows from [ppm].
  ///
  /// The larger of the median of the stated noise and of what the field itself shows.
  public var fieldDeviation: Double?
  /// Whether ``fieldDeviation`` was estimated from the field: no noise was stated, or less than there is.
  public var isFieldDeviationEstimated = false
  /// The standard deviation of what the map leaves unexplained of the field [ppm], at least ``fieldDeviation``.
  ///
  /// Much more than that tells of errors that are no noise. Absent where a method does not follow it.
  public var residualDeviation: Double?
  /// By which part strong sources are expected to be too weak, 0 for not at all; absent where it is not known.
  ///
  /// ```
  /// 1 - <D chi, W^2 D chi> / <D chi, W^2 f>
  /// ```
  ///
  /// over the mask: how much the field of the map would have to grow to fit the measured one best. Noise does not bias
  /// it as long as the map does not follow the noise; small sources lose more, large ones less.
  public var shrinkage: Double?
  /// The part of susceptibility's variance that the field tells, 0 to 1; absent where a method does not ask.
  public var share: Double?
  /// What the user must be told, such as that a network was trained for other voxels.
  public var warnings: [String] = []
}
