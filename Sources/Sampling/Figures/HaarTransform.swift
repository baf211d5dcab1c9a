import NDArrays
import Numerics

/// The orthonormal Haar wavelet transform of a plane `[z, y]` of any extents.
///
/// Neighbours become their scaled sum and difference; the last sample of an odd extent passes to the sums as it
/// is, which keeps the transform orthonormal. Sums come first along each axis, and the next level transforms them:
///
/// ```
/// | sums of sums  y details |      level 1 occupies the plane, level 2 the upper left part, ...
/// | z details     diagonal  |
/// ```
struct HaarTransform {
  /// The extents `(z, y)` that each level transforms.
  private(set) var blocks: [(z: Int, y: Int)] = []
  /// The extents of the plane.
  private let z: Int
  private let y: Int

  init(z: Int, y: Int, levels: Int) {
    self.z = z
    self.y = y
    var block = (z: z, y: y)
    while blocks.count < levels, block.z > 1 || block.y > 1 {
      blocks.append(block)
      block = ((block.z + 1) / 2, (block.y + 1) / 2)
    }
  }

  /// The middle of each band of details: one coefficient per level and orientation.
  var detailCentres: [Int] {
    blocks.flatMap { block -> [Int] in
      let sums = (z: (block.z + 1) / 2, y: (block.y + 1) / 2)
      let details = (z: block.z - sums.z, y: block.y - sums.y)
      var centres: [Int] = []
      if details.y > 0 { centres.append(sums.z / 2 * y + sums.y + details.y / 2) }
      if details.z > 0 { centres.append((sums.z + details.z / 2) * y + sums.y / 2) }
      if details.y > 0, details.z > 0 {
        centres.append((sums.z + details.z / 2) * y + sums.y + details.y / 2)
      }
      return centres
    }
  }

  /// The coefficients of a plane.
  func analyse(_ plane: inout NDArray<Complex<Float>>) {
    for block in blocks {
      for row in 0..<block.z { apply(&plane, start: row * y, step: 1, count: block.y, analysing: true) }
      for column in 0..<block.y { apply(&plane, start: column, step: y, count: block.z, analysing: true) }
    }
  }

  /// The plane of coefficients: the inverse, and the adjoint, of the analysis.
  func synthesise(_ plane: inout NDArray<Complex<Float>>) {
    for block in blocks.reversed() {
      for column in 0..<block.y { apply(&plane, start: column, step: y, count: block.z, analysing: false) }
      for row in 0..<block.z { apply(&plane, start: row * y, step: 1, count: block.y, analysing: false) }
    }
  }

  private func apply(
    _ plane: inout NDArray<Complex<Float>>, start: Int, step: Int, count: Int, analysing: Bool
  ) {
    let pairs = count / 2, sums = count - pairs
    let scale = Complex(Float(0.5).squareRoot(), 0)
    plane.withUnsafeMutableBufferPointer { samples in
      let line = (0..<count).map { samples[start + $0 * step] }
      for pair in 0..<pairs {
        let (a, b) = analysing ? (line[2 * pair], line[2 * pair + 1]) : (line[pair], line[sums + pair])
        let (first, second) = analysing ? (pair, sums + pair) : (2 * pair, 2 * pair + 1)
        samples[start + first * step] = (a + b) * scale
        samples[start + second * step] = (a - b) * scale
      }
      if sums > pairs {
        samples[start + (analysing ? sums - 1 : count - 1) * step] = line[analysing ? count - 1 : sums - 1]
      }
    }
  }
}
