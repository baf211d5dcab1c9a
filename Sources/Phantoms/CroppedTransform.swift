import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// What one channel measures of a finely sampled object: the centre of the fine grid's k-space.
///
/// ```
/// k-space = crop F (sensitivity . object)
/// ```
///
/// Each axis is cropped as soon as it is transformed, which saves nearly half of the work. The scale makes the
/// unitary inverse transform on the coarse grid give the object's values back.
struct CroppedTransform {
  private let geometry: Geometry
  private let fine: Geometry
  private let rows: FourierTransform
  private let columns: FourierTransform
  private let depths: FourierTransform

  init(_ geometry: Geometry) {
    self.geometry = geometry
    fine = geometry.halvingVoxels
    rows = FourierTransform(shape: [fine.matrix.y, fine.matrix.x], axes: [1])
    columns = FourierTransform(shape: [fine.matrix.y, geometry.matrix.x], axes: [0])
    depths = FourierTransform(shape: [fine.matrix.z, geometry.matrix.x], axes: [0])
  }

  func callAsFunction(
    _ object: NDArray<Complex<Float>>, seenBy sensitivity: SplineMap,
    into target: UnsafeMutableBufferPointer<Complex<Float>>
  ) {
    let (matrix, fine) = (geometry.matrix, fine.matrix)
    let (firstX, firstY, firstZ) = (
      fine.x / 2 - matrix.x / 2, fine.y / 2 - matrix.y / 2, fine.z / 2 - matrix.z / 2
    )
    let planeCount = matrix.x * matrix.y
    let planes = NDArray<Complex<Float>>(uninitializedShape: [fine.z, matrix.y, matrix.x]) { planes in
      let planes = SharedBuffer(planes)
      object.withUnsafeBufferPointer { object in
        let object = SharedConstants(object)
        Parallelism.forEach(fine.z) { z in
          var plane = NDArray<Complex<Float>>(uninitializedShape: [fine.y, fine.x]) { plane in
            sensitivity.evaluate(plane: z, of: self.fine, into: plane)
            for voxel in plane.indices { plane[voxel] *= object[z * plane.count + voxel] }
          }
          plane.withUnsafeMutableBufferPointer { plane in
            rows.forward(plane)
            // The kept columns move to the front of the buffer: never ahead of where they are read.
            for y in 0..<fine.y {
              for x in 0..<matrix.x { plane[y * matrix.x + x] = plane[y * fine.x + firstX + x] }
            }
            columns.forward(UnsafeMutableBufferPointer(rebasing: plane[..<(fine.y * matrix.x)]))
            let kept = plane[(firstY * matrix.x)..<(firstY * matrix.x + planeCount)]
            _ = planes[z * planeCount..<(z + 1) * planeCount].initialize(fromContentsOf: kept)
          }
        }
      }
    }
    let scale = 1 / Float(fine.count / matrix.count).squareRoot()
    let target = SharedBuffer(target)
    planes.withUnsafeBufferPointer { planes in
      let planes = SharedConstants(planes)
      Parallelism.forEach(matrix.y) { y in
        var sheet = NDArray<Complex<Float>>(uninitializedShape: [fine.z, matrix.x]) { sheet in
          for z in 0..<fine.z {
            let row = (z * matrix.y + y) * matrix.x
            for x in 0..<matrix.x { sheet.initializeElement(at: z * matrix.x + x, to: planes[row + x]) }
          }
        }
        sheet.withUnsafeMutableBufferPointer { sheet in
          depths.forward(sheet)
          for z in 0..<matrix.z {
            for x in 0..<matrix.x {
              let value = sheet[(z + firstZ) * matrix.x + x]
              target[(z * matrix.y + y) * matrix.x + x] = Complex(scale * value.real, scale * value.imaginary)
            }
          }
        }
      }
    }
  }
}
