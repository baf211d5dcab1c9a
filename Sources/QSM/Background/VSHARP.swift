import FourierTransforms
import MRIData
import NDArrays

/// Background removal by spherical means of several radii (V-SHARP).
///
/// A harmonic field equals its mean over any sphere, so that what differs from its mean is local:
///
/// ```
/// h(x) = f(x) - mean of f over the largest ball around x that lies in the mask      (delta - S_r) f
/// local = F^-1 [ F h / (1 - S_max) ]    where |1 - S_max| >= threshold, zero elsewhere
/// ```
///
/// The result is known where the smallest ball fits in the mask.
///
/// - SeeAlso: B. Wu, W. Li, A. Guidon, C. Liu, "Whole brain susceptibility mapping using compressed sensing",
///   Magn Reson Med 67:137, 2012, doi:10.1002/mrm.23000; F. Schweser et al., NeuroImage 54:2789, 2011,
///   doi:10.1016/j.neuroimage.2010.10.070.
public struct VSHARP: BackgroundRemoval {
  /// The radii of the balls [m]; chosen by the voxel size where absent, see ``defaultRadii(voxelSize:largest:)``.
  public var radii: [Double]?
  /// The largest radius [m] where ``radii`` are absent; 12 mm where absent too, or less where voxels are small.
  public var largestRadius: Double?
  /// The smallest magnitude of `1 - S_max` that is divided by: larger values remove more of low frequencies.
  public var threshold: Double

  /// Creates the method.
  ///
  /// - Precondition: Radii and threshold are positive, and there is a radius, and no more than 255.
  public init(radii: [Double]? = nil, threshold: Double = 0.05, largestRadius: Double? = nil) {
    precondition(
      radii.map { (1...255).contains($0.count) && $0.allSatisfy { $0 > 0 } } ?? true, "radii \(radii ?? [])")
    precondition(
      threshold > 0 && (largestRadius ?? 1) > 0,
      "a threshold of \(threshold), a radius of \(largestRadius ?? 0) m")
    self.radii = radii
    self.largestRadius = largestRadius
    self.threshold = threshold
  }

  /// From 12 mm (or another radius) down to the longest side of a voxel, in steps of 1 mm, in metres.
  ///
  /// A ball thinner than a voxel is a disk, over which a harmonic field has another mean: for voxels of
  /// 0.8 x 0.8 x 2 mm, the radii are 12, 11, ..., 2 mm, and no more than some 200, in larger steps if need be. Where
  /// voxels are shorter than 0.8 mm, all is as many times
  /// smaller.
  public static func defaultRadii(voxelSize: SIMD3<Double>, largest: Double? = nil) -> [Double] {
    let smallest = voxelSize.max()
    // Sizes that are none are refused with the field.
    let shortest = voxelSize.min() > 0 ? voxelSize.min() : 1
    let scale = min(1, shortest / 0.8e-3 * (1 + 1e-9)),
      step = max((largest == nil ? scale : 1) * 1e-3, (largest ?? 0) / 200)
    let largest = largest ?? 12 * step
    let whole = max(1, Int(largest / step * (1 + 1e-9)))
    var radii = (1...whole).reversed().map { Double($0) * step }
    if largest > radii[0] * (1 + 1e-9) { radii.insert(largest, at: 0) }
    radii = radii.filter { $0 >= smallest * (1 - 1e-9) }
    return radii.isEmpty ? [smallest] : radii
  }

  /// Removes the background.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>
  ) throws(QSMError) -> LocalField {
    let voxelSize = field.geometry.voxelSize
    if let largestRadius, radii == nil { try Ball.check(radius: largestRadius, on: field.geometry) }
    let radii = (radii ?? Self.defaultRadii(voxelSize: voxelSize, largest: largestRadius)).map { $0 * 1e3 }
    let sorted = Set(radii).sorted(by: >)
    guard let largest = sorted.first, let smallest = sorted.last else { preconditionFailure("no radius") }
    let grid = try WorkingGrid(field: field, mask: mask, region: .mask(margin: largest * 1e-3))
    let total = grid.load(field)
    let distances = DistanceMap.squares(
      of: grid.mask, matrix: grid.matrix, voxelSize: grid.voxelSize, reach: largest)
    // For each voxel, the number of the largest ball that fits; 0 where none does.
    let limits = sorted.map { Float(Ball.squaredReach($0)) }
    let ballNumbers = distances.map { distance in
      UInt8(truncatingIfNeeded: (limits.firstIndex { distance > $0 } ?? -1) + 1)
    }
    let known = ballNumbers.map { $0 > 0 }
    guard known.withUnsafeBufferPointer({ $0.contains(true) }) else {
      throw .maskTooThin(radius: smallest * 1e-3)
    }
    var local = highPass(total, grid: grid, radii: sorted, ballNumbers: ballNumbers)
    deconvolve(&local, grid: grid, radius: largest)
    return LocalField(
      field: grid.store(local, in: known), mask: grid.store(known), iterations: 0, change: 0)
  }

  /// The field minus its mean over the largest ball that fits; zero where none does.
  private func highPass(
    _ total: NDArray<Float>, grid: WorkingGrid, radii: [Double], ballNumbers: NDArray<UInt8>
  ) -> NDArray<Float> {
    let means = BallMeans(of: total, on: grid.matrix)
    let (line, plane) = (grid.matrix.x, grid.matrix.x * grid.matrix.y)
    var result = NDArray<Float>(repeating: 0, shape: total.shape)
    result.withUnsafeMutableBufferPointer { result in
      total.withUnsafeBufferPointer { total in
        ballNumbers.withUnsafeBufferPointer { numbers in
          let (result, total) = (SharedBuffer(result), SharedConstants(total))
          for (index, radius) in radii.enumerated() {
            let ball = Ball(radius: radius, voxelSize: grid.voxelSize)
            let correction = ball.correction
            means.forEachRun(ball, where: SharedConstants(numbers), equals: UInt8(index + 1)) {
              offset, means in
              for index in means.indices {
                let voxel = offset + index
                var mean = means[index]
                if correction.y != 0 {
                  mean -= correction.y * (total[voxel - line] + total[voxel + line] - 2 * total[voxel])
                }
                if correction.z != 0 {
                  mean -= correction.z * (total[voxel - plane] + total[voxel + plane] - 2 * total[voxel])
                }
                result[voxel] = total[voxel] - mean
              }
            }
          }
        }
      }
    }
    return result
  }

  /// Divides by `1 - S` of a radius.
  private func deconvolve(_ field: inout NDArray<Float>, grid: WorkingGrid, radius: Double) {
    let transform = RealFourierTransform(shape: grid.matrix.shape)
    let ball = Ball(radius: radius, voxelSize: grid.voxelSize)
    let smallest = Float(threshold)
    let kernel = transform.forward(ball.volume(on: grid.matrix)).map { mean in
      let factor = 1 - mean.real
      return abs(factor) >= smallest ? 1 / factor : 0
    }
    var workspace = transform.makeWorkspace()
    transform.filter(&field, workspace: &workspace, by: kernel)
  }
}
