import NDArrays
import Numerics

/// The receive sensitivity of every channel, axes `[channel, z, y, x]`.
public struct CoilSensitivities: Sendable {
  /// The sensitivities, axes `[channel, z, y, x]`.
  public var maps: NDArray<Complex<Float>>
  /// Where the voxels lie in the patient.
  public var geometry: Geometry
  /// What was done otherwise than asked for, because the data did not allow it; one sentence each.
  public var assumptions: [String]

  /// Creates sensitivities.
  ///
  /// - Precondition: The array has four axes, the last three the geometry's matrix.
  public init(_ maps: NDArray<Complex<Float>>, geometry: Geometry, assumptions: [String] = []) {
    precondition(
      maps.shape.count == 4 && Array(maps.shape[1...]) == geometry.matrix.shape,
      "sensitivities of shape \(maps.shape) are not [channel] x \(geometry.matrix)")
    self.maps = maps
    self.geometry = geometry
    self.assumptions = assumptions
  }

  /// The number of receive channels.
  public var channels: Int { maps.shape[0] }
}
