import MRIData
import NDArrays

/// Background removal by inverting the total field: sources inside and outside the mask explain it together, and what
/// those outside explain is the background.
///
/// ```
/// l = f - b,  b harmonic with b = f at the border                                           (LBV)
/// min |W (l - D x)|^2 / noise^2 + |x inside|^2 / s^2 + |x outside|^2 / S^2
/// local = l - D (x outside)                                     s = 5, S = 50 deviations of l
/// ```
///
/// Spherical means and projections remove whatever a source outside could have made, and with it the low frequencies of
/// the local field, above all near the border. Here both kinds of sources compete, by what is known of their size. The
/// harmonic field through the border takes the strong, distant part; what is left has the size of the local field, and
/// conjugate gradients part it in some fifty iterations, on voxels near to cubes. `W` is a typical deviation over that of
/// the voxel, at most 1, where the noise is known. Where sources that are found inside are far stronger than elsewhere, as
/// in a haemorrhage, `s` grows as they are, and all are sought once more. The outermost layer of voxels is lost.
///
/// A field that the harmonic function makes hardly weaker has no such background, as one that another tool has filtered:
/// `b` is then its mean, and `S = s`, as nothing speaks for stronger sources outside.
///
/// - SeeAlso: Z. Liu, Y. Kee, D. Zhou, Y. Wang, P. Spincemaille, "Preconditioned total field inversion (TFI) method for
///   quantitative susceptibility mapping", Magn Reson Med 78:303, 2017, doi:10.1002/mrm.26331; ``LBV``; ``PDF``.
public struct TFI: WeightedBackgroundRemoval {
  /// The residual relative to the first that ends the iterations.
  public var tolerance: Double
  /// The largest number of iterations.
  public var maximumIterations: Int

  /// Creates the method.
  ///
  /// - Precondition: There is at least one iteration.
  public init(tolerance: Double = 1e-2, maximumIterations: Int = 100) {
    precondition(maximumIterations > 0, "\(maximumIterations) iterations")
    self.tolerance = tolerance
    self.maximumIterations = maximumIterations
  }

  /// The deviations of sources inside and outside in deviations of the local field: tissue of 35 ppb makes one of 7 ppb.
  static let (inner, outer) = (Float(5), Float(50))
  /// What the deviation of a field with a background is at least, in deviations of what the harmonic function leaves: heads
  /// have 5 to 13, local fields of theirs 0.93 to 0.97.
  static let leastBackground = Float(1.1)

  /// Removes the background of a field whose noise is known.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>, noise: ImageVolumes<Float>?
  ) throws(QSMError) -> LocalField {
    if let noise { try WorkingGrid.check(noise, "field noise", on: field.geometry) }
    let start = try LBV()(field, mask: mask)
    let grid = try WorkingGrid(field: start.field, mask: start.mask, region: .surroundings)
    func deviation(_ values: NDArray<Float>) -> Float {
      Float((values.dot(values) / Double(grid.maskCount)).squareRoot())
    }
    var first = grid.load(start.field), outer = Self.outer, choice: String?
    let total = grid.load(LocalField(restricting: field, to: start.mask).field).demeaned(within: grid.mask)
    if deviation(total) < Self.leastBackground * deviation(first) {
      (first, outer) = (total, Self.inner)
      choice =
        "total field inversion, by which sources outside are no stronger than inside, as the field shows no background"
    }
    let deviation = deviation(first)
    guard deviation > 0 else { return start }
    let uncertainty = FieldUncertainty(of: first, on: grid, noise: noise)
    var sources = JointSources(
      of: first, on: grid,
      trust: uncertainty.weights?.map { min($0 * $0, 1) } ?? grid.mask.map { $0 ? 1 : 0 },
      level: Float(uncertainty.deviation),
      deviations: (deviation * Self.inner, deviation * outer))
    var result = sources.solve(tolerance: tolerance, maximumIterations: maximumIterations)
    if sources.expectMore(where: result.sources) {
      result = sources.solve(tolerance: tolerance, maximumIterations: maximumIterations)
    }
    let background = sources.field(ofOuter: result.sources)
    let local = first.combined(with: background) { $0 - $1 }
    var removed = LocalField(
      field: grid.store(local), mask: start.mask, iterations: result.iterations, change: result.residual)
    (removed.choice, removed.warnings) = (choice, start.warnings)
    return removed
  }
}

extension NDArray<Float> {
  /// The values less their mean inside of a mask, zero outside.
  fileprivate func demeaned(within mask: NDArray<Bool>) -> NDArray<Float> {
    let known = elements(within: mask)
    let mean = Float(known.reduce(0.0) { $0 + Double($1) } / Double(Swift.max(known.count, 1)))
    var result = map { $0 - mean }
    result.keepOnly(mask)
    return result
  }
}
