import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

/// A scan whose missing samples were made consistent with the acquired ones, and how that went.
///
/// Missing samples are kept in the channels in which they were found, so that many channels take the memory of a few.
public struct SPIRiTFilling: Sendable {
  /// The scan as it was acquired.
  let acquired: CompactKSpace
  /// The virtual channels in which samples were found, one mix for each readout position; `nil` if in the receiver's.
  public let mix: ChannelMix?
  /// The missing positions of each echo, and their samples in hybrid space, axes `[x, channel, missing position]`.
  let found: [(gaps: [Int], samples: NDArray<Complex<Float>>)]
  /// The largest number of iterations that a plane of each echo took.
  public let iterations: [Int]
  /// The largest last residual of a plane of each echo, as the solver measures it.
  public let residuals: [Double]
  /// The number of missing positions, over all echoes, with no acquired one within the kernel's reach.
  ///
  /// What they hold comes from their neighbours, which were not measured either.
  public let unsupported: Int
}

/// The data of one readout position.
struct SPIRiTPlane {
  let consistency: PlaneConsistency
  /// The missing positions.
  let missing: MissingSamples
  /// The acquired samples, axes `[channel, acquired position]`.
  let samples: NDArray<Complex<Float>>
  /// The offsets `kz lines + ky` of the acquired positions, ascending.
  let positions: [Int]
  let x: Int

  /// The images of the acquired samples with zeros in between.
  var zeroFilled: NDArray<Complex<Float>> { missing.images(of: samples, at: positions) }

  /// Finds the missing samples `[channel, missing position]`, and tells the residuals of the iterations.
  typealias Solver = @Sendable (SPIRiTPlane) -> (samples: NDArray<Complex<Float>>, residuals: [Double])
}

extension SPIRiTFilling {
  /// Fills all planes of all echoes, one echo after the other.
  ///
  /// - Parameters:
  ///   - scan: The scan.
  ///   - kernelWidth: The largest extent of the kernel.
  ///   - damping: What is added to the diagonal of the calibration's covariance, relative to its mean.
  ///   - extent: In how many channels; unless given, in those that hold nearly all where there are many.
  ///   - prepare: Makes the solver of all echoes from the samples of the first that has gaps.
  /// - Throws: ``ParallelImagingError``.
  init(
    _ scan: CompactKSpace, kernelWidth: Int, damping: Float, keeping extent: CoilCompression.Extent?,
    prepare: (CompactKSpace, HybridSamples) -> SPIRiTPlane.Solver
  ) throws(ParallelImagingError) {
    let scan = scan.withEmbeddedCalibration
    acquired = scan
    let none = Array(repeating: 0, count: scan.echoes)
    guard !scan.isFullySampled else {
      (mix, found) = (nil, none.map { _ in ([], NDArray(repeating: .zero, shape: [0])) })
      (iterations, residuals, unsupported) = (none, none.map(Double.init), 0)
      return
    }
    var calibration = try CalibrationBlock(scan)
    let automatic = scan.channels > 12 ? CoilCompression.Extent.energy(0.999, atMost: 16) : nil
    var chosen: ChannelMix?
    if let extent = extent ?? automatic {
      // Every channel's deviation counts alike, so they are to be of like strength.
      let possible = try CoilCompression(.geometric, keeping: extent).mix(
        of: calibration, noiseVariance: scan.noiseVariance
      ).balanced
      if possible.virtualChannels < scan.channels {
        chosen = possible
        calibration = CalibrationBlock(
          whole: possible(calibration.samples), region: calibration.region,
          readoutRange: calibration.readoutRange)
      }
    }
    let mix = chosen
    self.mix = mix
    let matrix = scan.geometry.matrix, channels = mix?.virtualChannels ?? scan.channels
    let nodes = try ConsistencyNodes(calibration, of: matrix, kernelWidth: kernelWidth, damping: damping)
    // There and back in some twenty iterations.
    let transform = FourierTransform(
      shape: [matrix.z, matrix.y],
      planning: .suited(toElements: 40 * scan.echoes * channels * matrix.count))
    var found: [(gaps: [Int], samples: NDArray<Complex<Float>>)] = []
    var iterations: [Int] = [], residuals: [Double] = [], unsupported = 0
    var solver: SPIRiTPlane.Solver?
    for echo in 0..<scan.echoes {
      let mask = scan.masks[echo], flags = mask.isAcquired.elements
      let gaps = flags.indices.filter { !flags[$0] }
      guard !gaps.isEmpty else {
        found.append(([], NDArray(repeating: .zero, shape: [0])))
        iterations.append(0)
        residuals.append(0)
        continue
      }
      let hybrid = HybridSamples(scan, echo: echo)
      let solve = solver ?? prepare(scan, hybrid)
      solver = solve
      let missing = MissingSamples(positions: gaps, channels: channels, transform: transform)
      var planes = [PlaneDiagnostics](repeating: PlaneDiagnostics(), count: matrix.x)
      let samples = NDArray<Complex<Float>>(uninitializedShape: [matrix.x, channels, gaps.count]) { samples in
        let target = SharedBuffer(samples), size = channels * gaps.count
        planes.withUnsafeMutableBufferPointer { planes in
          let planes = SharedBuffer(planes)
          Parallelism.forEach(matrix.x) { x in
            let acquired = hybrid.plane(x)
            let plane = SPIRiTPlane(
              consistency: PlaneConsistency(nodes.kernel(at: x, of: matrix.x), shape: transform.shape),
              missing: missing, samples: mix?(acquired, atReadoutPosition: x) ?? acquired,
              positions: hybrid.positions, x: x)
            let result = solve(plane)
            planes[x] = PlaneDiagnostics(
              iterations: result.residuals.count - 1, residual: result.residuals.last ?? 0)
            result.samples.withUnsafeBufferPointer {
              _ = target[x * size..<(x + 1) * size].initialize(from: $0)
            }
          }
        }
      }
      found.append((gaps, samples))
      iterations.append(planes.map(\.iterations).max() ?? 0)
      residuals.append(planes.map(\.residual).max() ?? 0)
      unsupported += mask.positionsOutOfReach(of: nodes.extents)
    }
    (self.found, self.iterations, self.residuals, self.unsupported) = (
      found, iterations, residuals, unsupported
    )
  }
}

/// How the solution of one plane went.
private struct PlaneDiagnostics: ArrayElement {
  var iterations = 0
  var residual = 0.0
}
