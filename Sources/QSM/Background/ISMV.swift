import MRIData
import NDArrays

/// Background removal by spherical means applied again and again (iterative SMV).
///
/// ```
/// b <- mean of b over the ball around x      where the ball fits in the mask;   b = f at the rim
/// ```
///
/// tends to the harmonic field that equals the total one at the rim; `local = f - b`.
///
/// Iterations would add up what is wrong with the means over balls of voxels; see `Ball`.
///
/// - SeeAlso: Y. Wen, D. Zhou, T. Liu, P. Spincemaille, Y. Wang, "An iterative spherical mean value method for
///   background field removal in MRI", Magn Reson Med 72:1065, 2014, doi:10.1002/mrm.24998.
public struct ISMV: BackgroundRemoval {
  /// The radius of the ball [m]; 5 mm where absent, or less where voxels are small.
  public var radius: Double?
  /// The change relative to the field that ends the iterations.
  public var tolerance: Double
  /// The largest number of iterations.
  public var maximumIterations: Int

  /// Creates the method.
  ///
  /// - Precondition: The radius is positive, and there is at least one iteration.
  public init(radius: Double? = nil, tolerance: Double = 1e-5, maximumIterations: Int = 500) {
    precondition(
      (radius ?? 1) > 0 && maximumIterations > 0,
      "a radius of \(radius ?? 0) m, \(maximumIterations) iterations")
    self.radius = radius
    self.tolerance = tolerance
    self.maximumIterations = maximumIterations
  }

  /// Removes the background.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>
  ) throws(QSMError) -> LocalField {
    let radius = radius ?? Ball.radius(5e-3, voxelSize: field.geometry.voxelSize)
    try Ball.check(radius: radius, on: field.geometry)
    let grid = try WorkingGrid(field: field, mask: mask, region: .mask(margin: radius))
    let eroded = try grid.eroded(by: radius)
    let levels = eroded.map { UInt8($0 ? 1 : 0) }
    let total = grid.load(field)
    let ball = Ball(radius: radius * 1e3, voxelSize: grid.voxelSize)
    let correction = ball.correction
    let (line, plane) = (grid.matrix.x, grid.matrix.x * grid.matrix.y)
    var background = total
    var iterations = 0, change = 1.0
    repeat {
      var next = background
      let means = BallMeans(of: background, on: grid.matrix)
      next.withUnsafeMutableBufferPointer { next in
        levels.withUnsafeBufferPointer { levels in
          background.withUnsafeBufferPointer { background in
            let (next, b) = (SharedBuffer(next), SharedConstants(background))
            means.forEachRun(ball, where: SharedConstants(levels), equals: 1) { offset, means in
              for index in means.indices {
                let voxel = offset + index
                var mean = means[index]
                if correction.y != 0 {
                  mean -= correction.y * (b[voxel - line] + b[voxel + line] - 2 * b[voxel])
                }
                if correction.z != 0 {
                  mean -= correction.z * (b[voxel - plane] + b[voxel + plane] - 2 * b[voxel])
                }
                next[voxel] = mean
              }
            }
          }
        }
      }
      change = background.replace(by: next)
      iterations += 1
    } while iterations < maximumIterations && change >= tolerance
    return LocalField(
      field: grid.store(total.combined(with: background) { $0 - $1 }, in: eroded), mask: grid.store(eroded),
      iterations: iterations, change: change)
  }
}
