import MRIData
import NDArrays

/// A field without what comes from outside the mask.
public struct LocalField: Sendable {
  /// The local field, in the unit of the total one; zero outside ``mask``.
  public var field: ImageVolumes<Float>
  /// Where the local field is known (1; 0 elsewhere); most methods lose a rim.
  public var mask: ImageVolumes<UInt8>
  /// The number of iterations; 0 for a closed form.
  public var iterations: Int
  /// The norm of the last iteration's change or residual relative to that of the first.
  public var change: Double
  /// How the background was removed, in words, where a method chose another one.
  public var choice: String?
  /// What the user should look at before trusting the field, one sentence each.
  public var warnings: [String] = []
}
