import MRIData
import NDArrays

/// The noise of a field, estimated from the field itself.
///
/// ```
/// d = sum over the corners of 2 x 2 x 2 voxels of (+-1) f / sqrt(8)     the sign alternates along each axis, 4 corners in a slice
/// sigma = median |d| / 0.6745
/// ```
///
/// Differences along all three axes at once leave little of a smooth field, and the median little of the rest.
///
/// - SeeAlso: D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81:425,
///   1994, doi:10.1093/biomet/81.3.425.
package enum FieldDeviation {
  /// The standard deviation of the noise; zero if no such cube lies in the mask.
  package static func estimate(_ field: NDArray<Float>, mask: NDArray<Bool>) -> Double {
    // An axis of one voxel has no differences: the others' are taken.
    let extents = field.shape.filter { $0 > 1 }
    guard extents.count == 3 else { return estimateFlat(field, mask, extents) }
    let (nz, ny, nx) = (extents[0], extents[1], extents[2])
    var magnitudes: [Float] = []
    field.withUnsafeBufferPointer { field in
      mask.withUnsafeBufferPointer { mask in
        for z in 0..<nz - 1 {
          for y in 0..<ny - 1 {
            let row = (z * ny + y) * nx
            let rows = (row, row + nx, row + nx * ny, row + nx * ny + nx)
            for x in 0..<nx - 1 {
              let (a, b, c, d) = (rows.0 + x, rows.1 + x, rows.2 + x, rows.3 + x)
              guard mask[a] && mask[b] && mask[c] && mask[d],
                mask[a + 1] && mask[b + 1] && mask[c + 1] && mask[d + 1]
              else { continue }
              let here = field[a] - field[b] - field[c] + field[d]
              let next = field[a + 1] - field[b + 1] - field[c + 1] + field[d + 1]
              magnitudes.append(abs(here - next))
            }
          }
        }
      }
    }
    return deviation(magnitudes, corners: 8)
  }

  /// The estimate from a slice or a line.
  private static func estimateFlat(_ field: NDArray<Float>, _ mask: NDArray<Bool>, _ extents: [Int]) -> Double
  {
    guard let width = extents.last else { return 0 }
    let height = extents.count == 2 ? extents[0] : 1
    let values = field.elements, isInside = mask.elements
    var magnitudes: [Float] = []
    for y in 0..<max(height - 1, 1) {
      for x in y * width..<(y + 1) * width - 1 {
        let corners = height > 1 ? [x, x + 1, x + width, x + width + 1] : [x, x + 1]
        guard corners.allSatisfy({ isInside[$0] }) else { continue }
        var difference = values[x] - values[x + 1]
        if height > 1 { difference -= values[x + width] - values[x + width + 1] }
        magnitudes.append(abs(difference))
      }
    }
    return deviation(magnitudes, corners: height > 1 ? 4 : 2)
  }

  private static func deviation(_ magnitudes: [Float], corners: Double) -> Double {
    guard !magnitudes.isEmpty else { return 0 }
    // Some ten thousand voxels spread over the mask tell the median to a percent.
    let stride = max(1, magnitudes.count / 65_536)
    let sorted = Swift.stride(from: 0, to: magnitudes.count, by: stride).map { magnitudes[$0] }.sorted()
    return Double(sorted[sorted.count / 2]) / 0.674_489_75 / corners.squareRoot()
  }
}
