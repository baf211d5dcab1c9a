import FourierTransforms
import LinearAlgebra
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
  /// The number of samples of a readout.
  private let samples: Int
  private let rows: FourierTransform
  /// The readout, axes `[half voxel, sample]`, where it is no plain one.
  private let readout: NDArray<Complex<Float>>?
  private let columns: FourierTransform
  private let depths: FourierTransform

  init(_ geometry: Geometry, sampling: ReadoutSampling? = nil) {
    self.geometry = geometry
    fine = geometry.halvingVoxels
    samples = sampling?.positions.count ?? geometry.matrix.x
    readout = sampling.map { [fine] in $0.matrix(halfVoxels: fine.matrix.x, voxels: geometry.matrix.x) }
    rows = FourierTransform(shape: [fine.matrix.y, fine.matrix.x], axes: [1])
    columns = FourierTransform(shape: [fine.matrix.y, samples], axes: [0])
    depths = FourierTransform(shape: [fine.matrix.z, samples], axes: [0])
  }

  func callAsFunction(
    _ object: NDArray<Complex<Float>>, seenBy sensitivity: SplineMap,
    into target: UnsafeMutableBufferPointer<Complex<Float>>
  ) {
    let (matrix, fine, length) = (geometry.matrix, fine.matrix, samples)
    let (firstY, firstZ) = (fine.y / 2 - matrix.y / 2, fine.z / 2 - matrix.z / 2)
    let planeCount = length * matrix.y
    let planes = NDArray<Complex<Float>>(uninitializedShape: [fine.z, matrix.y, length]) { planes in
      let planes = SharedBuffer(planes)
      object.withUnsafeBufferPointer { object in
        let object = SharedConstants(object)
        Parallelism.forEach(fine.z) { z in
          let plane = NDArray<Complex<Float>>(uninitializedShape: [fine.y, fine.x]) { plane in
            sensitivity.evaluate(plane: z, of: self.fine, into: plane)
            for voxel in plane.indices { plane[voxel] *= object[z * plane.count + voxel] }
          }
          var lines = readOut(plane)
          lines.withUnsafeMutableBufferPointer { lines in
            let lines = UnsafeMutableBufferPointer(rebasing: lines[..<(fine.y * length)])
            columns.forward(lines)
            let kept = lines[(firstY * length)..<(firstY * length + planeCount)]
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
        var sheet = NDArray<Complex<Float>>(uninitializedShape: [fine.z, length]) { sheet in
          for z in 0..<fine.z {
            let row = (z * matrix.y + y) * length
            for x in 0..<length { sheet.initializeElement(at: z * length + x, to: planes[row + x]) }
          }
        }
        sheet.withUnsafeMutableBufferPointer { sheet in
          depths.forward(sheet)
          for z in 0..<matrix.z {
            for x in 0..<length {
              let value = sheet[(z + firstZ) * length + x]
              target[(z * matrix.y + y) * length + x] = Complex(scale * value.real, scale * value.imaginary)
            }
          }
        }
      }
    }
  }

  /// The readouts of a plane's rows, at the front of the array that is returned.
  private func readOut(_ plane: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    let fine = fine.matrix, length = samples
    if let readout {
      return NDArray(uninitializedShape: [fine.y, length]) { lines in
        lines.initialize(repeating: .zero)
        plane.withUnsafeBufferPointer { plane in
          readout.withUnsafeBufferPointer { readout in
            multiply(plane, readout, into: lines, rows: fine.y, columns: length, inner: fine.x)
          }
        }
      }
    }
    let firstX = fine.x / 2 - length / 2
    plane.withUnsafeMutableBufferPointer { plane in
      rows.forward(plane)
      // The kept columns move to the front of the buffer: never ahead of where they are read.
      for y in 0..<fine.y {
        for x in 0..<length { plane[y * length + x] = plane[y * fine.x + firstX + x] }
      }
    }
    return plane
  }
}
