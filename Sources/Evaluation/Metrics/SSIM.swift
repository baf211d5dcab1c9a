import NDArrays

/// The structural similarity of two images: whether their local means, contrasts and patterns agree.
///
/// ```
/// SSIM = (2 m_a m_b + C1) (2 c_ab + C2) / ((m_a^2 + m_b^2 + C1) (v_a + v_b + C2)),   C1 = (k1 L)^2, C2 = (k2 L)^2
/// ```
///
/// Means `m`, variances `v` and the covariance `c` are those of a window around each voxel, in double precision. The
/// value is the mean over all voxels, or over the mask. It lies between -1 and 1, and equals 1 for equal images.
///
/// The data range `L` decides what counts as a difference: susceptibility in ppm has no natural range, and `L = 1`
/// hides errors that `L = 0.2` shows. State it with every number.
///
/// - SeeAlso: Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE Trans.
///   Image Process. 13(4):600-612, 2004, doi:10.1109/TIP.2003.819861.
public struct SSIM: ImageMetric {
  /// The weights of a voxel's neighbors.
  public enum Window: Sendable, Equatable {
    /// A Gaussian of the given standard deviation, cut off beyond a radius [voxels].
    case gaussian(sigma: Double, radius: Int)
    /// Equal weights in a box of odd width [voxels].
    case uniform(width: Int)

    /// The number of voxels along each axis.
    public var width: Int {
      switch self {
      case .gaussian(_, let radius): 2 * radius + 1
      case .uniform(let width): width
      }
    }
  }

  /// How windows go on beyond the border of the image.
  public enum Border: Sendable, Equatable {
    /// The outermost voxels are repeated.
    case replicated
    /// The image is mirrored, and without a mask voxels whose windows reach beyond the border do not count.
    case mirroredUncounted
    /// Windows end at the border.
    case truncated
  }

  /// The axes along which windows extend.
  public enum Dimensions: Sendable, Equatable {
    /// All axes of the image.
    case all
    /// `x` and `y`: each slice is compared for itself.
    case inPlane
  }

  /// The difference between the largest and the smallest value that the images may have, `L`.
  public let dataRange: Double
  /// The weights of a voxel's neighbors.
  public var window: Window
  /// How windows go on beyond the border of the image.
  public var border: Border
  /// The axes along which windows extend.
  public var dimensions: Dimensions
  /// Stabilizes the comparison of means, in parts of the data range.
  public var k1: Double
  /// Stabilizes the comparison of contrasts, in parts of the data range.
  public var k2: Double
  /// Whether variances are divided by one less than the number of voxels of the window.
  public var usesSampleCovariance: Bool
  /// What voxels outside of the mask are.
  public var outside: OutsideMask

  /// Describes the metric; ``matlab(dataRange:dimensions:outside:)`` and
  /// ``scikitImage(dataRange:window:usesSampleCovariance:dimensions:outside:)`` are the usual choices.
  ///
  /// - Precondition: The data range and the constants are positive, and the window has an odd width.
  public init(
    dataRange: Double, window: Window, border: Border, dimensions: Dimensions = .all, k1: Double = 0.01,
    k2: Double = 0.03, usesSampleCovariance: Bool = false, outside: OutsideMask = .seen
  ) {
    precondition(
      dataRange > 0 && dataRange.isFinite && k1 > 0 && k2 > 0, "L = \(dataRange), k = \(k1), \(k2)")
    precondition(
      window.width > 0 && window.width % 2 == 1, "a window of \(window.width) voxels has no middle")
    self.dataRange = dataRange
    self.window = window
    self.border = border
    self.dimensions = dimensions
    self.k1 = k1
    self.k2 = k2
    self.usesSampleCovariance = usesSampleCovariance
    self.outside = outside
  }

  /// What tables for programs call it.
  public var key: String { "ssim" }
  /// The metric with its data range.
  public var name: String { "SSIM (L = \(Float(dataRange)))" }

  /// The mean over the mask, or over all voxels that count.
  public func value(
    of image: NDArray<Float>, against reference: NDArray<Float>, within mask: NDArray<Bool>?
  ) throws(EvaluationError) -> Double {
    let similarity = try map(of: image, against: reference, within: mask)
    let counted = mask ?? (border == .mirroredUncounted ? interior(of: image.shape) : nil)
    let values = similarity.elements(within: counted)
    guard !values.isEmpty else { throw .emptyMask }
    return values.reduce(0) { $0 + Double($1) } / Double(values.count)
  }

  /// The similarity around every voxel.
  ///
  /// The mask matters only if what lies outside is set to zero.
  ///
  /// - Throws: ``EvaluationError`` if a voxel is not finite, or if the image is smaller than a window that may not reach
  ///   beyond its border.
  public func map(
    of image: NDArray<Float>, against reference: NDArray<Float>, within mask: NDArray<Bool>? = nil
  ) throws(EvaluationError) -> NDArray<Float> {
    requireSameShape(image.shape, reference.shape, mask?.shape)
    precondition((2...3).contains(image.shape.count), "[y, x] or [z, y, x] are compared, not \(image.shape)")
    let filtered = dimensions == .all ? image.shape : Array(image.shape.suffix(2))
    if border == .mirroredUncounted, filtered.contains(where: { $0 < window.width }) {
      throw .smallerThanWindow(shape: image.shape, window: window.width)
    }
    let moments = LocalMoments(
      shape: image.shape, dimensions: dimensions == .all ? filtered.count : 2, taps: window.taps,
      border: border.filter)
    let samples = usesSampleCovariance ? filtered.reduce(1) { result, _ in result * Double(window.width) } : 0
    let correction = usesSampleCovariance ? samples / (samples - 1) : 1
    let c1 = (k1 * dataRange) * (k1 * dataRange), c2 = (k2 * dataRange) * (k2 * dataRange)
    return moments.map(
      try image.prepared(.image, outside, mask), try reference.prepared(.reference, outside, mask)
    ) { meanA, meanB, squareA, squareB, product in
      // Rounding may leave a variance below zero, or a covariance above what variances allow.
      let varianceA = max(0, squareA - meanA * meanA), varianceB = max(0, squareB - meanB * meanB)
      let bound = (varianceA * varianceB).squareRoot()
      let covariance = min(max(product - meanA * meanB, -bound), bound)
      return (2 * meanA * meanB + c1) * (2 * correction * covariance + c2)
        / ((meanA * meanA + meanB * meanB + c1) * (correction * (varianceA + varianceB) + c2))
    }
  }

  /// The voxels whose windows lie within the image.
  private func interior(of shape: [Int]) -> NDArray<Bool> {
    let radius = window.width / 2
    let volume = shape.count == 3 ? shape : [1] + shape
    let depth = dimensions == .all && shape.count == 3 ? radius : 0
    var mask = NDArray(repeating: false, shape: shape)
    mask.withUnsafeMutableBufferPointer { flags in
      for z in depth..<volume[0] - depth {
        for y in radius..<volume[1] - radius {
          for x in radius..<volume[2] - radius { flags[(z * volume[1] + y) * volume[2] + x] = true }
        }
      }
    }
    return mask
  }
}

extension SSIM.Window {
  fileprivate var taps: [Double] {
    switch self {
    case .gaussian(let sigma, let radius): FilterTaps.gaussian(sigma: sigma, radius: radius)
    case .uniform(let width): FilterTaps.uniform(width)
    }
  }
}

extension SSIM.Border {
  fileprivate var filter: FilterBorder {
    switch self {
    case .replicated: .replicated
    case .mirroredUncounted: .mirrored
    case .truncated: .absent
    }
  }
}

extension NDArray<Float> {
  /// The image as a metric of neighborhoods sees it.
  func prepared(
    _ side: EvaluationError.Side, _ outside: OutsideMask, _ mask: NDArray<Bool>?
  ) throws(EvaluationError) -> NDArray {
    var result = self
    if outside == .zeroed, let mask {
      result.withUnsafeMutableBufferPointer { voxels in
        mask.withUnsafeBufferPointer { flags in
          for index in flags.indices where !flags[index] { voxels[index] = 0 }
        }
      }
    }
    let bad = result.withUnsafeBufferPointer { voxels in voxels.count { !$0.isFinite } }
    guard bad == 0 else { throw .notFinite(side, voxels: bad) }
    return result
  }
}
