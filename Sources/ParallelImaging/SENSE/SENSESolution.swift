import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

/// The images that SENSE found, and how it got there.
public struct SENSESolution: Sendable {
  /// The image of every echo, axes `[echo, z, y, x]`.
  public let images: ImageVolumes<Complex<Float>>
  /// The sensitivities, axes `[channel, z, y, x]`.
  public let sensitivities: CoilSensitivities
  /// The largest number of iterations that a plane of each echo took.
  public let iterations: [Int]
  /// The largest last residual of a plane of each echo, as the solver measures it.
  public let residuals: [Double]
  /// What the images leave unexplained of each echo: the root mean square of the moduli of the samples' deviations.
  ///
  /// Noise whose real and imaginary parts have the standard deviation `s` gives somewhat less than `s sqrt(2)`, for
  /// some of the noise is explained too. Far more says that sensitivities or samples are wrong.
  public let misfits: [Double]
}

/// The data of one readout position.
struct SENSEPlane {
  let model: PlaneModel
  /// The samples, axes `[channel, acquired position]`.
  let samples: NDArray<Complex<Float>>
  let x: Int
  let isFullySampled: Bool
  let transform: FourierTransform

  /// Finds the image `[z, y]` of a plane, and tells the residuals of the iterations.
  typealias Solver = @Sendable (SENSEPlane) -> (image: NDArray<Complex<Float>>, residuals: [Double])
}

extension SENSESolution {
  /// Solves all planes of all echoes, one echo after the other.
  ///
  /// - Parameter prepare: Makes the solver of all echoes from the samples of the first.
  init(_ scan: KSpace, _ sensitivities: CoilSensitivities, prepare: (HybridSamples) -> SENSEPlane.Solver) {
    let matrix = scan.geometry.matrix, planeShape = [matrix.z, matrix.y]
    let transform = FourierTransform(shape: planeShape)
    var images = NDArray<Complex<Float>>(repeating: .zero, shape: [scan.echoes] + matrix.shape)
    var iterations: [Int] = [], residuals: [Double] = [], misfits: [Double] = []
    var solver: SENSEPlane.Solver?
    for echo in 0..<scan.echoes {
      let samples = HybridSamples(scan, echo: echo)
      let solve = solver ?? prepare(samples)
      solver = solve
      var planes = [PlaneDiagnostics](repeating: PlaneDiagnostics(), count: matrix.x)
      let range = images.range(at: [echo])
      images.withUnsafeMutableBufferPointer { images in
        let volume = SharedBuffer(UnsafeMutableBufferPointer(rebasing: images[range]))
        planes.withUnsafeMutableBufferPointer { planes in
          let planes = SharedBuffer(planes)
          Parallelism.forEach(matrix.x) { x in
            let plane = SENSEPlane(
              model: PlaneModel(
                maps: sensitivities.plane(x), positions: samples.positions, transform: transform),
              samples: samples.plane(x), x: x,
              isFullySampled: samples.positions.count == transform.count, transform: transform)
            let solution = solve(plane)
            var misfit = plane.model(solution.image)
            misfit.add(plane.samples, times: -1)
            planes[x] = PlaneDiagnostics(
              iterations: solution.residuals.count - 1, residual: solution.residuals.last ?? 0,
              squaredMisfit: misfit.squaredNorm)
            solution.image.withUnsafeBufferPointer { image in
              for voxel in image.indices { volume[voxel * matrix.x + x] = image[voxel] }
            }
          }
        }
      }
      iterations.append(planes.map(\.iterations).max() ?? 0)
      residuals.append(planes.map(\.residual).max() ?? 0)
      let count = Double(max(samples.positions.count * scan.channels * matrix.x, 1))
      misfits.append((planes.reduce(0) { $0 + $1.squaredMisfit } / count).squareRoot())
    }
    self.images = ImageVolumes(images, geometry: scan.geometry)
    self.sensitivities = sensitivities
    self.iterations = iterations
    self.residuals = residuals
    self.misfits = misfits
  }

  /// The images as every channel sees them, sensitivity times image, computed channel by channel.
  func channelImages(of scan: KSpace) -> ChannelImages {
    let images = images.voxels, maps = sensitivities.maps
    return ChannelImages(
      channels: scan.channels, parameters: scan.parameters, geometry: scan.geometry,
      assumptions: scan.assumptions
    ) { channel in
      let voxels = scan.geometry.matrix.count
      return NDArray(uninitializedShape: images.shape) { target in
        images.withUnsafeBufferPointer { images in
          maps.withUnsafeBufferPointer { maps in
            for index in target.indices {
              target.initializeElement(at: index, to: maps[channel * voxels + index % voxels] * images[index])
            }
          }
        }
      }
    }
  }
}

/// How the solution of one plane went.
private struct PlaneDiagnostics: ArrayElement {
  var iterations = 0
  var residual = 0.0
  var squaredMisfit = 0.0
}

extension CoilSensitivities {
  /// The sensitivities at one readout position, axes `[channel, z, y]`.
  fileprivate func plane(_ x: Int) -> NDArray<Complex<Float>> {
    let length = maps.shape[3]
    return NDArray(uninitializedShape: Array(maps.shape.dropLast())) { target in
      maps.withUnsafeBufferPointer { maps in
        for index in target.indices { target.initializeElement(at: index, to: maps[index * length + x]) }
      }
    }
  }
}
