import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import Synchronization

/// The images that SENSE found, and how it got there.
public struct SENSESolution: Sendable {
  /// A set of sensitivities with what was found for it.
  public struct Component: Sendable {
    /// The image of every echo, axes `[echo, z, y, x]`.
    public let images: ImageVolumes<Complex<Float>>
    /// The sensitivities, axes `[channel, z, y, x]`.
    public let sensitivities: CoilSensitivities
  }

  /// One component per set of sensitivities; what channels see is the sum of all.
  public let components: [Component]
  /// The largest relative residual of a plane before each iteration and after the last, for each echo, as the solver
  /// measures it.
  public let histories: [[Double]]
  /// What the images leave unexplained of each echo: the root mean square of the moduli of the samples' deviations.
  ///
  /// Noise whose real and imaginary parts have the standard deviation `s` gives somewhat less than `s sqrt(2)`, for
  /// some of the noise is explained too. Far more says that sensitivities or samples are wrong.
  public let misfits: [Double]
  /// Whether each echo was unfolded exactly, without iterations.
  public let isUnfolded: [Bool]

  /// The image of every echo for the first set of sensitivities, axes `[echo, z, y, x]`.
  public var images: ImageVolumes<Complex<Float>> { components[0].images }
  /// The first set of sensitivities, axes `[channel, z, y, x]`.
  public var sensitivities: CoilSensitivities { components[0].sensitivities }
  /// The largest number of iterations that a plane of each echo took.
  public var iterations: [Int] { histories.map { $0.count - 1 } }
  /// The largest last residual of a plane of each echo.
  public let residuals: [Double]
}

/// The data of one readout position.
struct SENSEPlane {
  let model: PlaneModel
  /// The samples, axes `[channel, acquired position]`.
  let samples: NDArray<Complex<Float>>
  let x: Int
  let isFullySampled: Bool
  let transform: FourierTransform
  /// The lattice of the mask, if it is one.
  let lattice: SamplingLattice?

  /// What was found for a plane.
  struct Result {
    /// The image, with the shape that the model asks for.
    let image: NDArray<Complex<Float>>
    /// The relative residuals before each iteration and after the last.
    let residuals: [Double]
    var isUnfolded = false
  }

  typealias Solver = @Sendable (SENSEPlane) -> Result
}

extension SENSEProblem {
  /// Solves all planes of all echoes, one echo after the other.
  ///
  /// - Parameter prepare: Makes the solver of all echoes from the samples of the first.
  func solution(prepare: (HybridSamples) -> SENSEPlane.Solver) -> SENSESolution {
    let matrix = scan.geometry.matrix, transform = FourierTransform(shape: [matrix.z, matrix.y])
    let sets = sensitivities.count, echoes = scan.echoes
    var images = NDArray<Complex<Float>>(repeating: .zero, shape: [sets, echoes] + matrix.shape)
    var histories: [[Double]] = [], residuals: [Double] = [], misfits: [Double] = [], isUnfolded: [Bool] = []
    var solver: SENSEPlane.Solver?
    for echo in 0..<echoes {
      let samples = HybridSamples(scan, echo: echo)
      let solve = solver ?? prepare(samples)
      solver = solve
      let lattice = lattice(of: samples)
      let progress = Mutex(SolverProgress(planes: matrix.x))
      images.withUnsafeMutableBufferPointer { images in
        let volumes = SharedBuffer(images)
        Parallelism.forEach(matrix.x) { x in
          let plane = SENSEPlane(
            model: PlaneModel(
              maps: sensitivities.plane(x), positions: samples.positions, transform: transform),
            samples: samples.plane(x), x: x, isFullySampled: samples.positions.count == transform.count,
            transform: transform, lattice: lattice)
          let result = solve(plane)
          var misfit = plane.model(result.image)
          misfit.add(plane.samples, times: -1)
          let squaredMisfit = misfit.squaredNorm
          progress.withLock { $0.add(result, squaredMisfit, at: x) }
          result.image.withUnsafeBufferPointer { image in
            let voxels = transform.count
            for set in 0..<sets {
              let start = (set * echoes + echo) * matrix.count + x
              for voxel in 0..<voxels { volumes[start + voxel * matrix.x] = image[set * voxels + voxel] }
            }
          }
        }
      }
      let found = progress.withLock { $0 }
      histories.append(found.history)
      residuals.append(found.residual)
      isUnfolded.append(found.isUnfolded)
      let count = Double(max(samples.positions.count * scan.channels * matrix.x, 1))
      misfits.append((found.squaredMisfits.reduce(0, +) / count).squareRoot())
    }
    let components = sensitivities.indices.map { set in
      SENSESolution.Component(
        images: ImageVolumes(restored(images.part(at: set)), geometry: geometry),
        sensitivities: CoilSensitivities(restored(sensitivities[set].maps), geometry: geometry))
    }
    return SENSESolution(
      components: components, histories: histories, misfits: misfits, isUnfolded: isUnfolded,
      residuals: residuals)
  }
}

extension SENSESolution {
  /// The images as every channel sees them, sensitivity times image, computed channel by channel.
  func channelImages(of scan: KSpace) -> ChannelImages {
    let voxels = scan.geometry.matrix.count
    return ChannelImages(
      channels: scan.channels, parameters: scan.parameters, geometry: scan.geometry,
      assumptions: scan.assumptions, diagnostics: diagnostics(noise: scan.noise)
    ) { channel in
      var sum = NDArray<Complex<Float>>(repeating: .zero, shape: images.voxels.shape)
      sum.withUnsafeMutableBufferPointer { sum in
        for component in components {
          component.images.voxels.withUnsafeBufferPointer { images in
            component.sensitivities.maps.withUnsafeBufferPointer { maps in
              for first in stride(from: 0, to: sum.count, by: voxels) {
                for voxel in 0..<voxels {
                  sum[first + voxel] += maps[channel * voxels + voxel] * images[first + voxel]
                }
              }
            }
          }
        }
      }
      return sum
    }
  }
}

/// How the solution of an echo's planes goes.
private struct SolverProgress {
  var history: [Double] = []
  var residual = 0.0
  /// One number per plane, so that their sum does not depend on the order in which planes are done.
  var squaredMisfits: [Double]
  var isUnfolded = false

  init(planes: Int) { squaredMisfits = Array(repeating: 0, count: planes) }

  mutating func add(_ result: SENSEPlane.Result, _ squaredMisfit: Double, at x: Int) {
    for (index, residual) in result.residuals.enumerated() {
      if index < history.count {
        history[index] = max(history[index], residual)
      } else {
        history.append(residual)
      }
    }
    residual = max(residual, result.residuals.last ?? 0)
    squaredMisfits[x] = squaredMisfit
    isUnfolded = result.isUnfolded
  }
}

extension [CoilSensitivities] {
  /// The sensitivities at one readout position, axes `[set, channel, z, y]`.
  func plane(_ x: Int) -> NDArray<Complex<Float>> {
    let shape = self[0].maps.shape, length = shape[3], block = self[0].maps.count / length
    return NDArray(uninitializedShape: [count] + shape.dropLast()) { target in
      for (set, sensitivities) in enumerated() {
        sensitivities.maps.withUnsafeBufferPointer { maps in
          for index in 0..<block {
            target.initializeElement(at: set * block + index, to: maps[index * length + x])
          }
        }
      }
    }
  }
}
