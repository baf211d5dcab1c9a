import FourierTransforms
import NDArrays
import Numerics

/// The planes of echoes that are solved together, and their images side by side, axes `[x, set, echo, z, y]`.
struct JointEchoes: Sendable {
  /// The planes of each echo.
  let planes: [[SENSEPlane]]
  /// The axes of the images of all echoes.
  let shape: [Int]

  private var sets: Int { shape[1] }
  private var echoes: Int { shape[2] }
  private var voxels: Int { shape[3] * shape[4] }

  /// - Precondition: There is an echo; all have the same sensitivities.
  init(_ planes: [[SENSEPlane]]) {
    self.planes = planes
    let model = planes[0].first?.model, plane = planes[0].first?.transform.shape ?? [0, 0]
    shape = [planes[0].count, model?.maps.shape[0] ?? 1, planes.count] + plane
  }

  /// What a closure makes of each plane of each echo, images of the shape that its model asks for.
  func images(
    _ image: @Sendable (_ echo: Int, SENSEPlane) -> NDArray<Complex<Float>>
  ) -> NDArray<Complex<Float>> {
    NDArray(uninitializedShape: shape) { target in
      let target = SharedBuffer(target)
      Parallelism.forEach(shape[0] * echoes) { index in
        let (x, echo) = index.quotientAndRemainder(dividingBy: echoes)
        image(echo, planes[echo][x]).withUnsafeBufferPointer { found in
          for set in 0..<sets {
            let place = target[offset(x, set, echo)..<offset(x, set, echo) + voxels]
            _ = place.initialize(from: found[set * voxels..<(set + 1) * voxels])
          }
        }
      }
    }
  }

  /// The image of a plane of an echo, as its model asks for it.
  func image(_ echo: Int, _ plane: SENSEPlane, of images: NDArray<Complex<Float>>) -> NDArray<Complex<Float>>
  {
    NDArray(uninitializedShape: plane.model.imageShape) { target in
      images.withUnsafeBufferPointer { images in
        for set in 0..<sets {
          let start = offset(plane.x, set, echo)
          for voxel in 0..<voxels {
            target.initializeElement(at: set * voxels + voxel, to: images[start + voxel])
          }
        }
      }
    }
  }

  /// The images of one echo, axes `[x, set, z, y]`.
  func images(of echo: Int, in images: NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    planes[echo].volume([shape[0], sets, shape[3], shape[4]]) { image(echo, $0, of: images) }
  }

  private func offset(_ x: Int, _ set: Int, _ echo: Int) -> Int {
    ((x * sets + set) * echoes + echo) * voxels
  }
}
