import NDArrays
import Numerics

/// The voxels of two images that count, checked.
struct ComparedVoxels<Voxel: ComparableVoxel> {
  let image: [Voxel]
  let reference: [Voxel]

  init(
    _ image: NDArray<Voxel>, _ reference: NDArray<Voxel>, within mask: NDArray<Bool>?
  ) throws(EvaluationError) {
    requireSameShape(image.shape, reference.shape, mask?.shape)
    self.image = image.elements(within: mask)
    self.reference = reference.elements(within: mask)
    guard !self.image.isEmpty else { throw .emptyMask }
    try requireFinite(self.image, .image)
    try requireFinite(self.reference, .reference)
  }

  var count: Int { image.count }

  /// The mean of the image and of the reference.
  var means: (image: Complex<Double>, reference: Complex<Double>) { (mean(image), mean(reference)) }

  /// `sum |slope a + offset - b|^2`, `a` the image and `b` the reference.
  func squaredError(slope: Complex<Double> = .one, offset: Complex<Double> = .zero) -> Double {
    var sum = 0.0
    for index in image.indices {
      sum += (slope * image[index].sample + offset - reference[index].sample).lengthSquared
    }
    return sum
  }

  /// `sum |b - center|^2` of the reference.
  func referencePower(around center: Complex<Double> = .zero) -> Double {
    reference.reduce(0) { $0 + ($1.sample - center).lengthSquared }
  }

  /// `sum |a - center|^2` of the image.
  func imagePower(around center: Complex<Double> = .zero) -> Double {
    image.reduce(0) { $0 + ($1.sample - center).lengthSquared }
  }

  /// `sum conj(a - m) (b - n)`, `m` and `n` the centers of the image and of the reference.
  func correlation(
    around center: (image: Complex<Double>, reference: Complex<Double>) = (.zero, .zero)
  ) -> Complex<Double> {
    var sum = Complex<Double>.zero
    for index in image.indices {
      sum += (image[index].sample - center.image).conjugate * (reference[index].sample - center.reference)
    }
    return sum
  }

  private func mean(_ voxels: [Voxel]) -> Complex<Double> {
    let sum = voxels.reduce(Complex<Double>.zero) { $0 + $1.sample }
    return Complex(sum.real / Double(count), sum.imaginary / Double(count))
  }

  private func requireFinite(_ voxels: [Voxel], _ side: EvaluationError.Side) throws(EvaluationError) {
    let bad = voxels.count { !$0.sample.isFinite }
    guard bad == 0 else { throw .notFinite(side, voxels: bad) }
  }
}

/// Stops a caller who compares arrays on different grids.
func requireSameShape(_ image: [Int], _ reference: [Int], _ mask: [Int]?) {
  precondition(
    image == reference && (mask.map { $0 == image } ?? true),
    "an image of shape \(image), a reference of shape \(reference) and a mask of shape \(mask ?? image)")
}
