import LinearAlgebra
import MRIData
import NDArrays

/// The part of a field that the scanner's shim coils remove: solid harmonics up to second order.
///
/// ```
/// 1, x, y, z, xy, yz, zx, x^2 - y^2, 2 z^2 - x^2 - y^2
/// ```
struct Shim {
  private static let terms = 9
  private let coefficients: [Double]

  /// Fits the field in a mask by least squares, on about 100,000 of its voxels.
  ///
  /// A mask that is empty, or too thin to tell the harmonics apart, leaves the field as it is.
  init(fitting field: NDArray<Float>, in mask: NDArray<Bool>, of geometry: Geometry) {
    precondition(
      field.shape == geometry.matrix.shape && mask.shape == field.shape,
      "a field \(field.shape) in a mask \(mask.shape) on a grid of \(geometry.matrix)")
    let matrix = geometry.matrix
    let voxels = mask.withUnsafeBufferPointer { mask in mask.indices.filter { mask[$0] } }
    let chosen = stride(from: 0, to: voxels.count, by: max(voxels.count / 100_000, 1)).map { voxels[$0] }
    var design: [Double] = []
    var observations: [Double] = []
    field.withUnsafeBufferPointer { field in
      for voxel in chosen {
        let (x, y, z) = (voxel % matrix.x, voxel / matrix.x % matrix.y, voxel / matrix.x / matrix.y)
        let harmonics = Self.harmonics(geometry.offset(ofVoxel: x, y, z))
        for term in 0..<Self.terms { design.append(harmonics[term]) }
        observations.append(Double(field[voxel]))
      }
    }
    let solution =
      observations.count >= Self.terms
      ? try? leastSquares(NDArray(design, shape: [observations.count, Self.terms]), observations) : nil
    coefficients = solution ?? Array(repeating: 0, count: Self.terms)
  }

  /// Takes the fitted part away, everywhere on the grid.
  func remove(from field: inout NDArray<Float>, of geometry: Geometry) {
    let matrix = geometry.matrix
    field.withUnsafeMutableBufferPointer { field in
      let field = SharedBuffer(field)
      Parallelism.forEach(matrix.z) { z in
        var index = z * matrix.y * matrix.x
        for y in 0..<matrix.y {
          for x in 0..<matrix.x {
            let harmonics = Self.harmonics(geometry.offset(ofVoxel: x, y, z))
            var sum = 0.0
            for term in 0..<Self.terms { sum += coefficients[term] * harmonics[term] }
            field[index] -= Float(sum)
            index += 1
          }
        }
      }
    }
  }

  /// The harmonics at an offset from the centre of the grid [m]; the unit of length is 0.1 m.
  @inline(__always)
  private static func harmonics(_ offset: SIMD3<Double>) -> SIMD16<Double> {
    let (x, y, z) = (10 * offset.x, 10 * offset.y, 10 * offset.z)
    var values = SIMD16<Double>()
    values.lowHalf = [1, x, y, z, x * y, y * z, z * x, x * x - y * y]
    values[8] = 2 * z * z - x * x - y * y
    return values
  }
}

extension Geometry {
  /// The offset of a voxel from voxel `n / 2`, along the voxel axes [m].
  @inline(__always)
  func offset(ofVoxel x: Int, _ y: Int, _ z: Int) -> SIMD3<Double> {
    SIMD3(Double(x - matrix.x / 2), Double(y - matrix.y / 2), Double(z - matrix.z / 2)) * voxelSize
  }
}
