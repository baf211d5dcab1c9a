import MRIData
import NDArrays

/// The voxels whose centres lie within a radius, which is how far a spherical mean looks.
///
/// A ball of voxels has not the same second moments `m` along all axes, so that the mean of a harmonic field over it
/// is a little off. With voxels that are not cubes this is most of what spherical means leave of a background; it is
/// taken out to second order:
///
/// ```
/// mean of b - b = 1/2 sum_i m_i d_ii b = 1/2 sum_i (m_i - m_x) d_ii b       as the second derivatives add up to 0
/// ```
struct Ball: Sendable {
  /// A row of the ball: its place relative to the middle, and the voxels to either side of it.
  struct Row: Sendable {
    var z: Int
    var y: Int
    var reach: Int
  }

  let rows: [Row]
  /// The number of voxels.
  let count: Int
  private let voxelSize: SIMD3<Double>

  /// The squared radius that voxels are compared with; unit of the voxel size.
  ///
  /// Headers hold voxel sizes in single precision, or as an affine that was rotated: a voxel whose distance is the
  /// radius but for that belongs to the ball.
  static func squaredReach(_ radius: Double) -> Double { radius * radius * (1 + 1e-5) }

  /// A default radius, or as many times less as the short side of a voxel is less than 0.8 mm; in metres.
  ///
  /// What a ball costs grows with its voxels, and a mouse's brain at 0.1 mm should cost what a human's does at 1 mm. The
  /// radius is at least the longest side.
  static func radius(_ usual: Double, voxelSize: SIMD3<Double>) -> Double {
    max(min(usual, usual / 12e-3 * 15 * voxelSize.min()), voxelSize.max())
  }

  /// Refuses a radius [m] whose ball is none, or longer than the whole grid.
  ///
  /// Balls that are merely larger than the mask are the methods' to see: V-SHARP has smaller ones.
  static func check(radius: Double, on geometry: Geometry) throws(QSMError) {
    let size = geometry.voxelSize, side = size.max()
    // Sizes that are none are refused with the field.
    guard size.min() > 0, side.isFinite else { return }
    guard radius >= side * (1 - 1e-5) else { throw .sphereTooSmall(radius: radius, side: side) }
    let extents = SIMD3(Double(geometry.matrix.x), Double(geometry.matrix.y), Double(geometry.matrix.z))
    guard 2 * radius <= (extents * size).max() + 2 * side else { throw .maskTooThin(radius: radius) }
  }

  init(radius: Double, voxelSize: SIMD3<Double>) {
    self.voxelSize = voxelSize
    let limit = Self.squaredReach(radius)
    let reach = (0..<3).map { Int(limit.squareRoot() / voxelSize[$0]) }
    var rows: [Row] = []
    for z in -reach[2]...reach[2] {
      for y in -reach[1]...reach[1] {
        let (dz, dy) = (Double(z) * voxelSize.z, Double(y) * voxelSize.y)
        let rest = limit - dz * dz - dy * dy
        if rest >= 0 { rows.append(Row(z: z, y: y, reach: Int(rest.squareRoot() / voxelSize.x))) }
      }
    }
    self.rows = rows
    count = rows.reduce(0) { $0 + 2 * $1.reach + 1 }
  }

  /// The means over the ball of `x^2`, `y^2` and `z^2`, in squared voxels.
  var secondMoments: SIMD3<Double> {
    let sum = rows.reduce(into: SIMD3<Double>.zero) { sum, row in
      let (n, reach) = (Double(2 * row.reach + 1), Double(row.reach))
      sum += [n * reach * (reach + 1) / 3, n * Double(row.y * row.y), n * Double(row.z * row.z)]
    }
    return sum / Double(count)
  }

  /// `(m_i - m_x) / 2`, in squared voxels; zero along axes where the ball has no neighbours.
  var correction: SIMD3<Float> {
    let moments = secondMoments
    let difference = (moments - moments.x * voxelSize.x * voxelSize.x / (voxelSize * voxelSize)) / 2
    return SIMD3<Float>(difference).replacing(with: 0, where: SIMD3<Float>(moments) .== 0)
  }

  /// The ball around voxel 0 of a grid that repeats, with sum 1 and the same second moments along all axes.
  ///
  /// - Precondition: The ball does not overlap its copies.
  func volume(on matrix: Extents) -> NDArray<Float> {
    var volume = NDArray<Float>(repeating: 0, shape: matrix.shape)
    let value = 1 / Float(count)
    volume.withUnsafeMutableBufferPointer { volume in
      func wrapped(_ index: Int, _ extent: Int) -> Int { (index % extent + extent) % extent }
      for row in rows {
        let start = (wrapped(row.z, matrix.z) * matrix.y + wrapped(row.y, matrix.y)) * matrix.x
        for x in -row.reach...row.reach { volume[start + wrapped(x, matrix.x)] += value }
      }
      let steps = [(matrix.x, matrix.y, correction.y), (matrix.x * matrix.y, matrix.z, correction.z)]
      for (step, extent, correction) in steps where correction != 0 {
        volume[step] -= correction
        volume[step * (extent - 1)] -= correction
        volume[0] += 2 * correction
      }
    }
    return volume
  }
}

/// Means over balls, from running sums along rows.
struct BallMeans {
  private let matrix: Extents
  /// The sum of the voxels before each one of its row; one more than there are voxels.
  private let sums: NDArray<Float>

  init(of volume: NDArray<Float>, on matrix: Extents) {
    self.matrix = matrix
    let width = matrix.x
    sums = NDArray(uninitializedShape: [matrix.z, matrix.y, width + 1]) { sums in
      volume.withUnsafeBufferPointer { volume in
        let (sums, volume) = (SharedBuffer(sums), SharedConstants(volume))
        Parallelism.forEach(matrix.z) { z in
          for row in z * matrix.y..<(z + 1) * matrix.y {
            var sum = 0.0
            for x in 0..<width {
              sums[row * (width + 1) + x] = Float(sum)
              sum += Double(volume[row * width + x])
            }
            sums[row * (width + 1) + width] = Float(sum)
          }
        }
      }
    }
  }

  /// Passes a run of voxels and the mean of each to a closure, for all voxels of a choice.
  ///
  /// - Precondition: The ball around each chosen voxel lies in the grid.
  func forEachRun(
    _ ball: Ball, where isChosen: SharedConstants<UInt8>, equals level: UInt8,
    _ body: @Sendable (_ offset: Int, _ means: UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    let (nx, ny) = (matrix.x, matrix.y)
    let scale = 1 / Float(ball.count)
    sums.withUnsafeBufferPointer { sums in
      let sums = SharedConstants(sums)
      Parallelism.forEach(matrix.z) { z in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: nx) { means in
          guard let sums = sums.elements.baseAddress, let target = means.baseAddress else { return }
          for y in 0..<ny {
            let row = (z * ny + y) * nx
            var x = 0
            while x < nx {
              guard isChosen[row + x] == level else {
                x += 1
                continue
              }
              var end = x + 1
              while end < nx && isChosen[row + end] == level { end += 1 }
              let count = end - x
              target.initialize(repeating: 0, count: count)
              for line in ball.rows {
                let start = sums + ((z + line.z) * ny + y + line.y) * (nx + 1) + x
                let (upper, lower) = (start + line.reach + 1, start - line.reach)
                for index in 0..<count { target[index] += upper[index] - lower[index] }
              }
              for index in 0..<count { target[index] *= scale }
              body(row + x, UnsafeMutableBufferPointer(rebasing: means[0..<count]))
              x = end
            }
          }
        }
      }
    }
  }
}
