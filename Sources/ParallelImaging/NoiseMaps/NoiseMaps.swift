import MRIData
import NDArrays
import Numerics

/// How much noise a reconstruction leaves in each voxel.
///
/// Channel images `x_c` are combined with the weights that are best for them, `sum_c conj(w_c) x_c` with
/// `w = x / |x|` of the reconstruction itself. In a fully sampled scan whose channels have uncorrelated noise of standard
/// deviation `s` the noise of this sum is `s` everywhere. Of an undersampled one,
///
/// ```
/// standard deviation = g s sqrt(R)         R: all positions of the grid over the acquired ones
/// ```
///
/// which defines `g`: how much the geometry of channels and mask adds to what fewer samples cost anyhow.
/// Regularisation may push `g` below 1. Voxels without image have zeros.
public struct NoiseMaps: Sendable {
  /// Where the numbers come from.
  public enum Source: Sendable, Equatable {
    /// From the weights of the reconstruction.
    case weights
    /// From repeated reconstructions with noise added, so many of them.
    case replicas(Int)
  }

  /// The factor `g` of every echo, axes `[echo, z, y, x]`.
  public let gFactor: ImageVolumes<Float>
  /// The standard deviation of the real part of every echo, in the units of the samples, axes `[echo, z, y, x]`.
  public let standardDeviation: ImageVolumes<Float>
  /// The acceleration `R` of every echo.
  public let accelerations: [Double]
  /// Where the numbers come from.
  public let source: Source

  /// Makes maps from standard deviations.
  init(_ deviation: NDArray<Float>, of scan: KSpace, source: Source) {
    // A part of the readout leaves the same part of the noise, with all lines and with few.
    let sampled = Float(scan.readoutRange.count) / Float(scan.readoutLength)
    let level = scan.noiseDeviation * sampled.squareRoot()
    let accelerations = scan.masks.map { $0.acceleration() ?? 1 }
    var factors = deviation
    factors.withUnsafeMutableBufferPointer { factors in
      let voxels = factors.count / max(accelerations.count, 1)
      for index in factors.indices {
        let full = level * Float(accelerations[index / voxels].squareRoot())
        factors[index] = full > 0 ? factors[index] / full : 0
      }
    }
    gFactor = ImageVolumes(factors, geometry: scan.geometry)
    standardDeviation = ImageVolumes(deviation, geometry: scan.geometry)
    self.accelerations = accelerations
    self.source = source
  }

  private init(
    gFactor: ImageVolumes<Float>, standardDeviation: ImageVolumes<Float>, accelerations: [Double],
    source: Source
  ) {
    self.gFactor = gFactor
    self.standardDeviation = standardDeviation
    self.accelerations = accelerations
    self.source = source
  }

  /// The central part of the maps; voxel `n / 2` stays voxel `n / 2`.
  public func cropped(to matrix: Extents) -> NoiseMaps {
    NoiseMaps(
      gFactor: gFactor.cropped(to: matrix), standardDeviation: standardDeviation.cropped(to: matrix),
      accelerations: accelerations, source: source)
  }

  /// The maps of slices that were acquired one by one, stacked along `z`.
  ///
  /// - Precondition: There is at least one slice, and all have the same extents.
  public init(stacking slices: [NoiseMaps], geometry: Geometry) {
    precondition(!slices.isEmpty, "nothing to stack")
    func stacked(_ maps: [ImageVolumes<Float>]) -> ImageVolumes<Float> {
      let echoes = maps[0].count
      var stack = NDArray<Float>(
        repeating: 0, shape: [echoes, maps.count] + Array(maps[0].voxels.shape.dropFirst()))
      for (index, map) in maps.enumerated() {
        for echo in 0..<echoes { stack.setPart(at: echo, index, to: map[echo]) }
      }
      return ImageVolumes(stack.reshaped(to: [echoes] + geometry.matrix.shape), geometry: geometry)
    }
    gFactor = stacked(slices.map(\.gFactor))
    standardDeviation = stacked(slices.map(\.standardDeviation))
    accelerations = slices[0].accelerations
    source = slices[0].source
  }
}

extension KSpace {
  /// The standard deviation of a sample's real part: from the noise scan, or estimated from the faintest samples.
  var noiseDeviation: Float {
    noise.standardDeviation ?? (CompactKSpace(self).noiseVariance / 2).squareRoot()
  }
}

extension ImageVolumes<Float> {
  fileprivate func cropped(to matrix: Extents) -> ImageVolumes<Float> {
    guard matrix != geometry.matrix else { return self }
    let full = geometry.matrix
    let start = (x: full.x / 2 - matrix.x / 2, y: full.y / 2 - matrix.y / 2, z: full.z / 2 - matrix.z / 2)
    let cropped = NDArray<Float>(uninitializedShape: [count] + matrix.shape) { target in
      voxels.withUnsafeBufferPointer { source in
        for index in target.indices {
          let x = index % matrix.x + start.x
          let y = index / matrix.x % matrix.y + start.y
          let z = index / (matrix.x * matrix.y) % matrix.z + start.z
          let volume = index / matrix.count
          target.initializeElement(at: index, to: source[((volume * full.z + z) * full.y + y) * full.x + x])
        }
      }
    }
    return ImageVolumes(cropped, geometry: geometry.cropped(to: matrix))
  }
}
