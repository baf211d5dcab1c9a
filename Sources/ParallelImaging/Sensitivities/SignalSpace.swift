import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// The space that the patches of calibration data span, up to noise.
struct SignalSpace: Sendable {
  /// Orthonormal vectors, axes `[vector, component]`.
  let basis: NDArray<Complex<Float>>
  /// The variance of a sample's noise: the known one, or else that of the smallest eigenvalues.
  let noiseVariance: Float

  /// How much larger than the noise of independent patches an eigenvalue must be: they overlap.
  private static let margin: Float = 1.25
  /// How much larger than noise the largest eigenvalue must be to be signal at all.
  private static let smallestStrength: Float = 4
  /// The singular values below which rounding errors lie, relative to the largest.
  private static let precision: Float = 0.003

  /// Finds the space.
  ///
  /// - Parameters:
  ///   - patches: The patches.
  ///   - threshold: The smallest singular value that counts as signal, relative to the largest; if `nil`, what noise
  ///     reaches, of the given level or else of that of the smallest eigenvalues.
  ///   - noise: What is known of the noise.
  /// - Throws: ``ParallelImagingError/calibrationWithoutSignal``, ``ParallelImagingError/calibrationNotFinite``.
  init(
    _ patches: CalibrationPatches, threshold: Float?, noise: NoiseLevel
  ) throws(ParallelImagingError) {
    let system: HermitianEigensystem
    do { system = try HermitianEigensystem(of: patches.gram) } catch { throw .calibrationNotFinite }
    let order = patches.order
    guard let strength = system.values.last, strength > 0 else { throw .calibrationWithoutSignal }
    noiseVariance = Self.noiseVariance(system.values, rows: patches.count, noise)
    let edge = Self.noiseEdge(noiseVariance, order: order, rows: patches.count)
    // Of noise of a known level it is certain that it is noise.
    guard noise.standardDeviation == nil || strength > Self.smallestStrength * edge else {
      throw .calibrationWithoutSignal
    }
    let relative = threshold ?? Self.precision
    let cutoff = max(relative * relative * strength, threshold == nil ? Self.margin * edge : 0)
    let first = system.values.firstIndex { $0 > cutoff } ?? order
    guard first < order else { throw .calibrationWithoutSignal }
    basis = NDArray(system.vectors.elements.dropFirst(first * order), shape: [order - first, order])
  }

  /// The variance of a sample's noise.
  private static func noiseVariance(_ values: [Float], rows: Int, _ noise: NoiseLevel) -> Float {
    if let deviation = noise.standardDeviation { return 2 * deviation * deviation }
    // Signal spans up to half of all components; the quarter with the least holds noise, somewhat less than its mean.
    let empty = max(0, values.count - rows)
    let quarter = values[empty + (values.count - empty) / 4]
    return max(0, quarter) / (0.7 * Float(max(rows, values.count)))
  }

  /// The largest eigenvalue that noise alone reaches in independent patches (Marchenko and Pastur).
  private static func noiseEdge(_ variance: Float, order: Int, rows: Int) -> Float {
    let root = Float(rows).squareRoot() + Float(order).squareRoot()
    return variance * root * root
  }
}
