import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

/// A scan whose missing samples were made consistent with the acquired ones, and how that went.
public struct SPIRiTFilling: Sendable {
  /// The scan without gaps, with every acquired sample as it was.
  public let scan: KSpace
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
  /// - Parameter prepare: Makes the solver of all echoes from the samples of the first that has gaps.
  /// - Throws: ``ParallelImagingError``.
  init(
    _ scan: KSpace, kernelWidth: Int, damping: Float,
    prepare: (CompactKSpace, HybridSamples) -> SPIRiTPlane.Solver
  ) throws(ParallelImagingError) {
    let scan = scan.withEmbeddedCalibration
    guard !scan.isFullySampled else {
      self.init(
        scan: scan, iterations: Array(repeating: 0, count: scan.echoes),
        residuals: Array(repeating: 0, count: scan.echoes), unsupported: 0)
      return
    }
    let matrix = scan.geometry.matrix
    let nodes = try ConsistencyNodes(
      CalibrationBlock(scan), of: matrix, kernelWidth: kernelWidth, damping: damping)
    // There and back in some twenty iterations.
    let transform = FourierTransform(
      shape: [matrix.z, matrix.y],
      planning: .suited(toElements: 40 * scan.echoes * scan.channels * matrix.count))
    let acquired = CompactKSpace(scan)
    var filled = scan
    var iterations: [Int] = [], residuals: [Double] = [], unsupported = 0
    var solver: SPIRiTPlane.Solver?
    for echo in 0..<scan.echoes {
      let mask = scan.masks[echo], flags = mask.isAcquired.elements
      let gaps = flags.indices.filter { !flags[$0] }
      guard !gaps.isEmpty else {
        iterations.append(0)
        residuals.append(0)
        continue
      }
      let hybrid = HybridSamples(acquired, echo: echo)
      let solve = solver ?? prepare(acquired, hybrid)
      solver = solve
      let missing = MissingSamples(positions: gaps, channels: scan.channels, transform: transform)
      let range = filled.samples.range(at: [echo])
      var planes = [PlaneDiagnostics](repeating: PlaneDiagnostics(), count: matrix.x)
      filled.samples.withUnsafeMutableBufferPointer { samples in
        let volume = SharedBuffer(UnsafeMutableBufferPointer(rebasing: samples[range]))
        planes.withUnsafeMutableBufferPointer { planes in
          let planes = SharedBuffer(planes)
          Parallelism.forEach(matrix.x) { x in
            let plane = SPIRiTPlane(
              consistency: PlaneConsistency(nodes.kernel(at: x, of: matrix.x), shape: transform.shape),
              missing: missing, samples: hybrid.plane(x), positions: hybrid.positions, x: x)
            let found = solve(plane)
            planes[x] = PlaneDiagnostics(
              iterations: found.residuals.count - 1, residual: found.residuals.last ?? 0)
            found.samples.withUnsafeBufferPointer { found in
              for index in found.indices {
                let row = index / gaps.count * transform.count + gaps[index % gaps.count]
                volume[row * matrix.x + x] = found[index]
              }
            }
          }
        }
        volume.transformReadouts(gaps, of: scan, plane: transform.count)
      }
      iterations.append(planes.map(\.iterations).max() ?? 0)
      residuals.append(planes.map(\.residual).max() ?? 0)
      unsupported += mask.positionsOutOfReach(of: nodes.extents)
    }
    for echo in 0..<scan.echoes { filled.masks[echo] = SamplingMask(lines: matrix.y, partitions: matrix.z) }
    self.init(scan: filled, iterations: iterations, residuals: residuals, unsupported: unsupported)
  }
}

/// How the solution of one plane went.
private struct PlaneDiagnostics: ArrayElement {
  var iterations = 0
  var residual = 0.0
}

extension SharedBuffer<Complex<Float>> {
  /// Transforms the missing lines of one echo from hybrid space to k-space, and clears what no readout samples.
  fileprivate func transformReadouts(_ gaps: [Int], of scan: KSpace, plane: Int) {
    let length = scan.readoutLength, transform = FourierTransform(shape: [length])
    Parallelism.forEach(scan.channels * gaps.count) { index in
      let start = (index / gaps.count * plane + gaps[index % gaps.count]) * length
      let line = self[start..<start + length]
      transform.forward(line)
      for column in 0..<scan.readoutRange.lowerBound { line[column] = .zero }
      for column in scan.readoutRange.upperBound..<length { line[column] = .zero }
    }
  }
}
