import NDArrays
import Numerics

/// The high-frequency error norm: how well edges and fine structures agree; 0 for equal images.
///
/// ```
/// HFEN = |LoG(a) - LoG(b)| / |LoG(b)|        LoG the Laplacian of a Gaussian of standard deviation 1.5 voxels
/// ```
///
/// The filter runs over the whole image, mirrored at its border; norms are taken within the mask. Its taps are those of
/// SciPy's `gaussian_laplace(truncate=5)`, 17 along each axis, which is also what QSM-CI scores by; the 2016 challenge
/// cut at 15. Challenges state the value in percent, 100 times this one.
///
/// Where a reference ends abruptly at the mask's edge, that edge outweighs everything: set ``outside`` to
/// ``OutsideMask/zeroed`` if only one of the images was masked.
///
/// - SeeAlso: S. Ravishankar and Y. Bresler, "MR image reconstruction from highly undersampled k-space data by dictionary
///   learning", IEEE Trans. Med. Imaging 30(5):1028-1041, 2011, doi:10.1109/TMI.2010.2090538.
public struct HFEN: ImageMetric {
  /// The standard deviation of the Gaussian [voxels].
  public let sigma: Double
  /// What voxels outside of the mask are.
  public var outside: OutsideMask

  /// Describes the metric.
  ///
  /// - Precondition: The standard deviation is positive.
  public init(sigma: Double = 1.5, outside: OutsideMask = .seen) {
    precondition(sigma > 0 && sigma.isFinite, "a Gaussian of standard deviation \(sigma)")
    self.sigma = sigma
    self.outside = outside
  }

  /// What tables for programs call it.
  public var key: String { "hfen" }
  /// The metric with its width.
  public var name: String { "HFEN (sigma \(sigma))" }

  /// The value for real images.
  public func value(
    of image: NDArray<Float>, against reference: NDArray<Float>, within mask: NDArray<Bool>?
  ) throws(EvaluationError) -> Double {
    try ratio([(image, reference)], within: mask)
  }

  /// The value for complex images, whose phases must agree as well.
  public func value(
    of image: NDArray<Complex<Float>>, against reference: NDArray<Complex<Float>>,
    within mask: NDArray<Bool>? = nil
  ) throws(EvaluationError) -> Double {
    try ratio(
      [(image.map(\.real), reference.map(\.real)), (image.map(\.imaginary), reference.map(\.imaginary))],
      within: mask)
  }

  private func ratio(
    _ parts: [(image: NDArray<Float>, reference: NDArray<Float>)], within mask: NDArray<Bool>?
  ) throws(EvaluationError) -> Double {
    var error = 0.0, power = 0.0, flatness = 0.0
    for part in parts {
      requireSameShape(part.image.shape, part.reference.shape, mask?.shape)
      let shape = part.image.shape
      precondition((2...3).contains(shape.count), "[y, x] or [z, y, x] are compared, not \(shape)")
      let image = try part.image.prepared(.image, outside, mask)
      let reference = try part.reference.prepared(.reference, outside, mask)
      let filter = LaplacianOfGaussian(shape: shape, sigma: sigma)
      // The filter is linear: the error is filtered, not its parts, and loses no digits.
      let errors = filter(image, minus: reference).elements(within: mask)
      guard !errors.isEmpty else { throw .emptyMask }
      error += errors.reduce(0) { $0 + $1 * $1 }
      power += filter(reference, minus: nil).elements(within: mask).reduce(0) { $0 + $1 * $1 }
      flatness += reference.elements(within: mask).reduce(0) { $0 + Double($1) * Double($1) }
    }
    // Cut off at five standard deviations, the taps leave about a millionth of a constant.
    guard power > 1e-10 * flatness, power > 0 else { throw .referenceWithoutContrast }
    return (error / power).squareRoot()
  }
}

/// The Laplacian of a Gaussian as a sum of separable filters.
struct LaplacianOfGaussian {
  private let shape: [Int]
  /// Per axis, slowest first: the Gaussian, and its second derivative.
  private let smooth: [FilterRows]
  private let curved: [FilterRows]

  init(shape: [Int], sigma: Double) {
    self.shape = shape
    let radius = Int(5 * sigma + 0.5)
    smooth = shape.map {
      FilterRows(FilterTaps.gaussian(sigma: sigma, radius: radius), length: $0, border: .mirrored)
    }
    curved = shape.map {
      FilterRows(FilterTaps.gaussianCurvature(sigma: sigma, radius: radius), length: $0, border: .mirrored)
    }
  }

  /// Filters an image, or the difference of two.
  func callAsFunction(_ image: NDArray<Float>, minus other: NDArray<Float>?) -> NDArray<Double> {
    let axes = shape.count
    let (smoothY, smoothX) = (smooth[axes - 2], smooth[axes - 1])
    let (curvedY, curvedX) = (curved[axes - 2], curved[axes - 1])
    let filter = PlaneFilter(rows: shape[axes - 2], columns: shape[axes - 1])
    let planes = axes == 3 ? shape[0] : 1, count = filter.count
    return NDArray(uninitializedShape: shape) { target in
      let target = SharedBuffer(target)
      image.withUnsafeBufferPointer { image in
        (other ?? NDArray(repeating: 0, shape: [0])).withUnsafeBufferPointer { other in
          let image = SharedConstants(image), other = other.isEmpty ? nil : SharedConstants(other)
          Parallelism.forEach(planes) { plane in
            let output = target[plane * count..<(plane + 1) * count]
            output.initialize(repeating: 0)
            withUnsafeTemporaryAllocation(of: Double.self, capacity: count + filter.columns) { scratch in
              guard let along = scratch.baseAddress, let result = output.baseAddress else { return }
              let line = along + count
              let z = axes == 3 ? smooth[0] : FilterRows(identityOf: 1)
              sum(plane, z, image, other, into: along, count: count)
              filter.add(along, along: curvedY, smoothX, to: result, by: line)
              filter.add(along, along: smoothY, curvedX, to: result, by: line)
              if axes == 3 {
                sum(plane, curved[0], image, other, into: along, count: count)
                filter.add(along, along: smoothY, smoothX, to: result, by: line)
              }
            }
          }
        }
      }
    }
  }

  private func sum(
    _ plane: Int, _ rows: FilterRows, _ image: SharedConstants<Float>, _ other: SharedConstants<Float>?,
    into target: UnsafeMutablePointer<Double>, count: Int
  ) {
    for pixel in 0..<count { target[pixel] = 0 }
    let weights = rows.weights[plane]
    for tap in weights.indices {
      let weight = weights[tap], start = (rows.starts[plane] + tap) * count
      if let other {
        for pixel in 0..<count {
          target[pixel] +=
            weight * (Double(image.elements[start + pixel]) - Double(other.elements[start + pixel]))
        }
      } else {
        for pixel in 0..<count { target[pixel] += weight * Double(image.elements[start + pixel]) }
      }
    }
  }
}
