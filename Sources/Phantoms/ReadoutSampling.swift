import LinearAlgebra
import NDArrays
import Numerics

/// Where a readout samples `kx`, and the phase that its direction adds to the object.
///
/// ```
/// s[n] = X^(-1/2) sum_x object(x) exp(i (phase + slope x)) exp(-2 pi i k[n] x / X)        x in voxels from the centre
/// ```
public struct ReadoutSampling: Sendable, Equatable {
  /// The number of points of the encoded grid, oversampling included.
  public var extent: Int
  /// The positions in the order of time, in steps of the encoded grid from its centre.
  public var positions: [Double]
  /// The phase in the middle of the field of view [rad].
  public var phase: Double
  /// Its rise per voxel [rad].
  public var slope: Double

  /// Creates a readout.
  public init(extent: Int, positions: [Double], phase: Double = 0, slope: Double = 0) {
    self.extent = extent
    self.positions = positions
    self.phase = phase
    self.slope = slope
  }

  /// The map from a row of half voxels to samples, axes `[half voxel, sample]`, scaled for a unitary transform of as many
  /// half voxels where the grid has `voxels` points, as ``CroppedTransform`` wants it.
  func matrix(halfVoxels: Int, voxels: Int) -> NDArray<Complex<Float>> {
    let scale = (Double(voxels) / Double(extent) / Double(halfVoxels)).squareRoot()
    return NDArray(uninitializedShape: [halfVoxels, positions.count]) { matrix in
      for place in 0..<halfVoxels {
        let x = Double(place - halfVoxels / 2) / 2
        for (sample, k) in positions.enumerated() {
          let value = Complex<Double>(
            length: scale, phase: phase + slope * x - 2 * .pi * k * x / Double(extent))
          matrix.initializeElement(
            at: place * positions.count + sample, to: Complex(Float(value.real), Float(value.imaginary)))
        }
      }
    }
  }
}
