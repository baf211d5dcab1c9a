import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging

/// The cascade of ``ReconNetSENSE`` on one echo after the other.
struct SENSECascade: Sendable {
  private let convolutions: CascadeConvolutions<ConsistencyWeight>
  private let matrix: Extents
  /// What brings the last block's image to the samples, in place of conjugate gradients.
  private let wavelets: L1WaveletSENSE?

  /// The conjugate-gradient steps after each block, as in training.
  static let steps = 5

  init(
    _ convolutions: CascadeConvolutions<ConsistencyWeight>, matrix: Extents,
    endingWith ending: ReconNetSENSE.LastConsistency
  ) {
    self.convolutions = convolutions
    self.matrix = matrix
    switch ending {
    case .conjugateGradients: wavelets = nil
    case .wavelets(let weight, let iterations):
      wavelets = L1WaveletSENSE(weight: weight, iterations: iterations)
    }
  }

  /// The images of echoes, and what they leave unexplained.
  ///
  /// - Parameters:
  ///   - echoes: The samples and sensitivities.
  ///   - noise: The standard deviation of the noise of a sample's real part.
  func solved(_ echoes: [SENSEEcho], noise: Double) -> [SENSEEcho.Solution] {
    var planes: [[SENSEPlane]] = [], images: [NDArray<Complex<Float>>] = []
    for echo in echoes {
      planes.append(echo.planes(like: planes.first))
      images.append(blocks(echo, planes[planes.count - 1], noise))
    }
    if let wavelets, !echoes[0].isFullySampled {
      return wavelets.fista(planes, noise: Float(noise * 2.0.squareRoot()), around: images)
    }
    return zip(planes, images).map { planes, images in
      SENSEEcho.Solution(images: images, squaredMisfit: planes.squaredMisfit(of: images))
    }
  }

  /// What the blocks make of an echo; if wavelets bring it to the samples, the last block's image as it is.
  private func blocks(
    _ echo: SENSEEcho, _ planes: [SENSEPlane], _ noise: Double
  ) -> NDArray<Complex<Float>> {
    var images = planes.volume(echo.shape) { $0.model.adjoint($0.samples) }
    guard !echo.isFullySampled, let scale = MagnitudeScale.bright(volume(of: images, scale: 1)), scale > 0
    else { return images }
    convolutions.gang.inTurn {
      for (index, block) in convolutions.blocks.enumerated() {
        var volume = volume(of: images, scale: 1 / scale)
        convolutions.apply(index, to: &volume)
        let prior = replaced(images, by: volume, scale: scale)
        if index == convolutions.blocks.count - 1, wavelets != nil {
          images = prior
        } else {
          let weight = block.consistency(relativeNoise: noise / Double(scale))
          images = planes.volume(echo.shape) { consistent($0, prior.part(at: $0.x), weight) }
        }
      }
    }
    return images
  }

  /// The image of a plane that agrees with its samples, from a prior `[set, z, y]`.
  private func consistent(
    _ plane: SENSEPlane, _ prior: NDArray<Complex<Float>>, _ weight: Double
  ) -> NDArray<Complex<Float>> {
    // What the prior leaves unexplained is explained by a change that costs its size.
    var image = conjugateGradients(
      plane.model, plane.unexplained(by: prior), damping: weight, tolerance: 0, iterations: Self.steps
    ).value
    image.add(prior.reshaped(to: plane.model.imageShape), times: 1)
    return image
  }

  /// The first set of planes `[x, set, z, y]` as a volume `[z, y, x]`, times a factor.
  private func volume(of planes: NDArray<Complex<Float>>, scale: Float) -> NDArray<Complex<Float>> {
    let length = matrix.x, rows = matrix.y * matrix.z, stride = planes.count / max(length, 1)
    return NDArray(uninitializedShape: matrix.shape) { target in
      planes.withUnsafeBufferPointer { planes in
        let target = SharedBuffer(target), planes = SharedConstants(planes)
        Parallelism.forEach(matrix.z) { z in
          for row in z * matrix.y..<min(rows, (z + 1) * matrix.y) {
            let line = target[row * length..<(row + 1) * length]
            for x in 0..<length {
              line.initializeElement(at: x, to: planes[x * stride + row].scaled(by: scale))
            }
          }
        }
      }
    }
  }

  /// Planes `[x, set, z, y]` whose first set is a volume `[z, y, x]` times a factor.
  private func replaced(
    _ planes: NDArray<Complex<Float>>, by volume: NDArray<Complex<Float>>, scale: Float
  ) -> NDArray<Complex<Float>> {
    var planes = planes
    let length = matrix.x, rows = matrix.y * matrix.z, stride = planes.count / max(length, 1)
    planes.withUnsafeMutableBufferPointer { planes in
      volume.withUnsafeBufferPointer { volume in
        let planes = SharedBuffer(planes), volume = SharedConstants(volume)
        Parallelism.forEach(length) { x in
          for row in 0..<rows { planes[x * stride + row] = volume[row * length + x].scaled(by: scale) }
        }
      }
    }
    return planes
  }
}

extension Complex<Float> {
  fileprivate func scaled(by factor: Float) -> Complex { Complex(real * factor, imaginary * factor) }
}
