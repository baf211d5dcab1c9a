import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import Synchronization

/// The data of one readout position.
package struct SENSEPlane: Sendable {
  package let model: PlaneModel
  let echo: HybridSamples
  package let x: Int
  let isFullySampled: Bool
  let transform: FourierTransform
  /// The lattice of the mask, if it is one.
  let lattice: SamplingLattice?

  /// The samples, axes `[channel, acquired position]`.
  package var samples: NDArray<Complex<Float>> { echo.plane(x) }

  /// What was found for a plane.
  struct Result {
    /// The image, with the shape that the model asks for.
    let image: NDArray<Complex<Float>>
    /// The relative residuals before each iteration and after the last.
    let residuals: [Double]
    var isUnfolded = false
  }

  /// What images, axes `[set, z, y]`, leave unexplained of the samples, axes `[channel, acquired position]`.
  package func unexplained(by images: NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    var rest = model(images.reshaped(to: model.imageShape))
    rest.scale(by: -1)
    rest.add(samples, times: 1)
    return rest
  }
}

/// The data of one echo, plane by plane.
package struct SENSEEcho: Sendable {
  /// The samples in the channels in which planes are solved.
  let samples: HybridSamples
  let channels: PlaneChannels
  /// The number of sets of sensitivities.
  let sets: Int
  let transform: FourierTransform
  /// The lattice of the mask, if it is one.
  let lattice: SamplingLattice?
  /// The number of planes.
  let count: Int

  /// The axes of the images of all planes: `[x, set, z, y]`.
  package var shape: [Int] { [count, sets] + transform.shape }

  /// Whether every position was acquired.
  package var isFullySampled: Bool { samples.positions.count == transform.count }

  func plane(_ x: Int) -> SENSEPlane { plane(x, channels.maps(x)) }

  private func plane(_ x: Int, _ maps: NDArray<Complex<Float>>) -> SENSEPlane {
    SENSEPlane(
      model: PlaneModel(maps: maps, positions: samples.positions, transform: transform),
      echo: samples, x: x, isFullySampled: isFullySampled, transform: transform, lattice: lattice)
  }

  /// Finds the images of echoes that are solved together.
  package typealias Solver = @Sendable ([SENSEEcho]) -> [Solution]

  /// The images of an echo, and how they were found.
  package struct Solution {
    /// The images, axes `[x, set, z, y]`.
    var images: NDArray<Complex<Float>>
    /// The largest relative residual of a plane before each iteration and after the last.
    var history: [Double] = []
    /// The largest last residual of a plane.
    var residual = 0.0
    /// What the images leave unexplained, squared and summed.
    var squaredMisfit = 0.0
    var isUnfolded = false

    package init(
      images: NDArray<Complex<Float>>, history: [Double] = [], residual: Double = 0,
      squaredMisfit: Double = 0,
      isUnfolded: Bool = false
    ) {
      self.images = images
      self.history = history
      self.residual = residual
      self.squaredMisfit = squaredMisfit
      self.isUnfolded = isUnfolded
    }
  }

  /// All planes; their sensitivities, plane by plane, take as much memory as those of the volume.
  ///
  /// - Parameter others: Planes of another echo, whose sensitivities these share.
  package func planes(like others: [SENSEPlane]? = nil) -> [SENSEPlane] {
    if let others { return others.map { plane($0.x, $0.model.maps) } }
    let planes = OrderedResults<SENSEPlane, Never>(count)
    planes.forEach { plane($0) }
    return planes.get()
  }

  /// Solves plane by plane, on all threads.
  func solved(by solve: @Sendable (SENSEPlane) -> SENSEPlane.Result) -> Solution {
    let progress = Mutex(PlaneProgress(planes: count))
    let images = NDArray<Complex<Float>>(uninitializedShape: shape) { target in
      let target = SharedBuffer(target), size = target.elements.count / max(count, 1)
      Parallelism.forEach(count) { x in
        let plane = plane(x), result = solve(plane)
        let squaredMisfit = plane.unexplained(by: result.image).squaredNorm
        progress.withLock { $0.add(result, squaredMisfit, at: x) }
        result.image.withUnsafeBufferPointer { _ = target[x * size..<(x + 1) * size].initialize(from: $0) }
      }
    }
    return progress.withLock { $0.solution(images) }
  }
}

extension [SENSEPlane] {
  /// What a closure makes of each plane, one behind the other.
  package func volume(
    _ shape: [Int], _ image: @Sendable (SENSEPlane) -> NDArray<Complex<Float>>
  ) -> NDArray<Complex<Float>> {
    NDArray(uninitializedShape: shape) { target in
      let target = SharedBuffer(target), size = target.elements.count / Swift.max(count, 1)
      Parallelism.forEach(count) { x in
        image(self[x]).withUnsafeBufferPointer {
          _ = target[x * size..<(x + 1) * size].initialize(from: $0)
        }
      }
    }
  }

  /// What images, axes `[x, set, z, y]`, leave unexplained of the samples, squared and summed.
  package func squaredMisfit(of images: NDArray<Complex<Float>>) -> Double {
    let misfits = OrderedResults<Double, Never>(count)
    misfits.forEach { self[$0].unexplained(by: images.part(at: $0)).squaredNorm }
    return misfits.get().reduce(0, +)
  }
}

/// How the solution of an echo's planes goes.
private struct PlaneProgress {
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

  func solution(_ images: NDArray<Complex<Float>>) -> SENSEEcho.Solution {
    SENSEEcho.Solution(
      images: images, history: history, residual: residual, squaredMisfit: squaredMisfits.reduce(0, +),
      isUnfolded: isUnfolded)
  }
}
