import NDArrays
import Numerics

/// The factored covariance of the neighbours that weights were last found for.
///
/// An arrangement that begins with the same neighbours as the last one keeps that part of the factor. Arrangements in
/// lexicographic order share as much as they can: with Poisson-disk masks, of which hardly two lines have the same
/// neighbours, a third of the work.
struct ArrangementFactor {
  /// The neighbours whose covariance is factored.
  private(set) var arrangement: [Int] = []
  /// What was added to the diagonal.
  private(set) var damping: Float = 0
  /// The elements, row after row, of which Cholesky's factor takes the upper triangle.
  var elements: NDArray<Complex<Float>>

  /// The distance between rows.
  var stride: Int { elements.shape[0] }

  /// Creates room for the covariance of so many samples.
  init(unknowns: Int) {
    elements = NDArray(repeating: .zero, shape: [unknowns, unknowns])
  }

  /// The number of leading neighbours whose factor holds for another arrangement with a damping.
  func shared(with other: [Int], damping: Float) -> Int {
    guard damping == self.damping else { return 0 }
    return zip(arrangement, other).prefix { $0 == $1 }.count
  }

  /// Says what the elements are the factor of; of nothing, where the factorisation failed.
  mutating func holds(_ arrangement: [Int], damping: Float) {
    self.arrangement = arrangement
    self.damping = damping
  }
}
