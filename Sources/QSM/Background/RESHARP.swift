import FourierTransforms
import MRIData
import NDArrays

/// Background removal by spherical means, with the local field of least energy (RESHARP).
///
/// ```
/// min |M C (x - f)|^2 + lambda |x|^2,     C = delta - S_r,  M: the mask eroded by r
/// ```
///
/// by conjugate gradients, where ``SHARP`` divides by a truncated `C`.
///
/// - SeeAlso: H. Sun, A. H. Wilman, "Background field removal using spherical mean value filtering and Tikhonov
///   regularization", Magn Reson Med 71:1151, 2014, doi:10.1002/mrm.24765.
public struct RESHARP: BackgroundRemoval {
  /// The radius of the ball [m]; 6 mm where absent, or less where voxels are small.
  public var radius: Double?
  /// The weight of the local field's energy.
  public var regularization: Double
  /// The residual relative to the first that ends the iterations.
  public var tolerance: Double
  /// The largest number of iterations.
  public var maximumIterations: Int

  /// Creates the method.
  ///
  /// - Precondition: Radius and weight are positive, and there is at least one iteration.
  public init(
    radius: Double? = nil, regularization: Double = 1e-4, tolerance: Double = 1e-6,
    maximumIterations: Int = 30
  ) {
    precondition(
      (radius ?? 1) > 0 && regularization > 0,
      "a radius of \(radius ?? 0) m and a weight of \(regularization)")
    precondition(maximumIterations > 0, "\(maximumIterations) iterations")
    self.radius = radius
    self.regularization = regularization
    self.tolerance = tolerance
    self.maximumIterations = maximumIterations
  }

  /// Removes the background.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>
  ) throws(QSMError) -> LocalField {
    let radius = radius ?? Ball.radius(6e-3, voxelSize: field.geometry.voxelSize)
    try Ball.check(radius: radius, on: field.geometry)
    let grid = try WorkingGrid(field: field, mask: mask, region: .mask(margin: radius))
    let eroded = try grid.eroded(by: radius)
    let transform = RealFourierTransform(shape: grid.matrix.shape)
    var workspace = transform.makeWorkspace()
    let ball = Ball(radius: radius * 1e3, voxelSize: grid.voxelSize)
    let kernel = transform.forward(ball.volume(on: grid.matrix)).map { 1 - $0.real }
    /// `C M C`
    func apply(_ volume: inout NDArray<Float>) {
      transform.filter(&volume, workspace: &workspace, by: kernel)
      volume.keepOnly(eroded)
      transform.filter(&volume, workspace: &workspace, by: kernel)
    }
    var right = grid.load(field)
    apply(&right)
    let weight = Float(regularization)
    let result = FieldConjugateGradients.solve(
      right, tolerance: tolerance, maximumIterations: maximumIterations
    ) { volume in
      let energy = volume
      apply(&volume)
      volume.update(energy) { $0 + weight * $1 }
    }
    return LocalField(
      field: grid.store(result.solution, in: eroded), mask: grid.store(eroded),
      iterations: result.iterations, change: result.residual)
  }
}

extension WorkingGrid {
  /// Where a ball of a radius [m] fits in the mask.
  func eroded(by radius: Double) throws(QSMError) -> NDArray<Bool> {
    let limit = Float(Ball.squaredReach(radius * 1e3))
    let eroded = DistanceMap.squares(
      of: mask, matrix: matrix, voxelSize: voxelSize, reach: radius * 1e3
    ).map { $0 > limit }
    guard eroded.withUnsafeBufferPointer({ $0.contains(true) }) else { throw .maskTooThin(radius: radius) }
    return eroded
  }
}
