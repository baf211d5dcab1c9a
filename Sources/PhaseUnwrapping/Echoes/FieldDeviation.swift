import MRIData
import NDArrays

/// The noise of a field, estimated from the field itself.
///
/// ```
/// d = sum over the corners of 2 x 2 x 2 voxels of (+-1) f / sqrt(8)     the sign alternates along each axis
/// sigma = median |d| / 0.6745
/// ```
///
/// Differences along all three axes at once leave little of a smooth field, and the median little of the rest. Along an
/// axis on which the mask is a single voxel thick there are none: of a slice, squares of four voxels are taken.
///
/// - SeeAlso: D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81:425,
///   1994, doi:10.1093/biomet/81.3.425.
package enum FieldDeviation {
  /// The standard deviation of the noise; zero if no such cube lies in the mask, or this is one voxel.
  package static func estimate(_ field: NDArray<Float>, mask: NDArray<Bool>) -> Double {
    let shape = field.shape
    let (nz, ny, nx) = (shape[0], shape[1], shape[2])
    let isUsed = thickAxes(of: mask), axes = isUsed.count { $0 }
    guard axes > 0 else { return 0 }
    // An axis without differences gets a step of zero, whose share is then left out.
    let steps = zip(isUsed, [nx * ny, nx, 1]).map { $0 ? $1 : 0 }
    let shares = isUsed.map { Float($0 ? 1 : 0) }
    let (through, across, along, e) = (shares[0], shares[1], shares[2], steps[2])
    let both = through * across
    var magnitudes: [Float] = []
    field.withUnsafeBufferPointer { field in
      mask.withUnsafeBufferPointer { mask in
        for z in 0..<nz - (isUsed[0] ? 1 : 0) {
          for y in 0..<ny - (isUsed[1] ? 1 : 0) {
            let row = (z * ny + y) * nx
            let rows = (row, row + steps[1], row + steps[0], row + steps[0] + steps[1])
            for x in 0..<nx - (isUsed[2] ? 1 : 0) {
              let (a, b, c, d) = (rows.0 + x, rows.1 + x, rows.2 + x, rows.3 + x)
              guard mask[a] && mask[b] && mask[c] && mask[d],
                mask[a + e] && mask[b + e] && mask[c + e] && mask[d + e]
              else { continue }
              let here = field[a] - across * field[b] - through * field[c] + both * field[d]
              let next = field[a + e] - across * field[b + e] - through * field[c + e] + both * field[d + e]
              magnitudes.append(abs(here - along * next))
            }
          }
        }
      }
    }
    guard !magnitudes.isEmpty else { return 0 }
    // Some ten thousand voxels spread over the mask tell the median to a percent.
    let stride = max(1, magnitudes.count / 65_536)
    let sorted = Swift.stride(from: 0, to: magnitudes.count, by: stride).map { magnitudes[$0] }.sorted()
    return Double(sorted[sorted.count / 2]) / 0.674_489_75 / Double(1 << axes).squareRoot()
  }

  /// Whether the mask is thicker than one voxel along `z`, `y`, `x`.
  private static func thickAxes(of mask: NDArray<Bool>) -> [Bool] {
    let (height, width) = (mask.shape[1], mask.shape[2])
    return mask.withUnsafeBufferPointer { mask in
      guard let first = mask.firstIndex(of: true) else { return [false, false, false] }
      func place(_ index: Int) -> SIMD3<Int> {
        SIMD3(index / (width * height), index / width % height, index % width)
      }
      var isThick = SIMDMask<SIMD3<Int>>(repeating: false)
      for index in mask.indices where mask[index] { isThick .|= place(index) .!= place(first) }
      return (0..<3).map { isThick[$0] }
    }
  }
}
