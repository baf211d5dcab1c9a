import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Operators
import Synchronization

/// The covariance of calibration samples with their neighbours, per unit of signal power.
///
/// ```
/// R[i, j] = sum_r v[r] a[r, i] conj(a[r, j]) / sum_r v[r] P[r]      v = P / (P + sigma^2)^2
/// ```
///
/// where `a[r]` holds the neighbours of the calibration sample at `r`, offset after offset, each with its samples
/// along `kx` and their channels, which may be virtual ones, and last the receive channels of the sample itself; `P[r]` is
/// the neighbours' mean signal power. The weights `v` are those with which noisy outer products of different power are best averaged.
struct CalibrationCovariance: Sendable {
  let neighbourhood: Neighbourhood
  /// The number of channels that are predicted from.
  let sources: Int
  /// The number of channels that are predicted.
  let targets: Int
  let noiseVariance: Float
  /// The number of samples of one neighbouring line, over its channels.
  let blockLength: Int
  /// The number of rows of the covariance.
  let order: Int

  /// The elements of `R`, row after row.
  private let covariance: NDArray<Complex<Float>>
  /// What the noise of the calibration adds to the diagonal of `R`.
  private let noiseShare: Float

  /// The smallest damping, well above the rounding errors of single precision.
  private static let smallestDamping: Float = 1e-5
  /// The number of parts that are added up separately; fixed, so that sums do not depend on the threads.
  private static let parts = 4

  init(
    _ calibration: CalibrationBlock, _ mix: ChannelMix?, _ neighbourhood: Neighbourhood,
    _ readout: Range<Int>, noiseVariance: Float
  ) throws(ParallelImagingError) {
    let (region, reach) = (calibration.region, neighbourhood.reach)
    let arm = neighbourhood.kernel.readoutWidth / 2
    let extents = (
      line: region.lines.count - 2 * reach.line, partition: region.partitions.count - 2 * reach.partition
    )
    guard extents.line > 0, extents.partition > 0, readout.count > 2 * arm else {
      throw .calibrationTooSmall(
        lines: region.lines.count, partitions: region.partitions.count,
        kernel: "\(2 * reach.line + 1)x\(2 * reach.partition + 1)")
    }
    self.neighbourhood = neighbourhood
    self.noiseVariance = noiseVariance
    targets = calibration.samples.shape[0]
    sources = mix?.virtualChannels ?? targets
    blockLength = neighbourhood.kernel.readoutWidth * sources
    order = neighbourhood.offsets.count * blockLength + targets

    // The positions of the kernel's centre: all of ky and kz, and the middle of kx. A box as long as it is wide is
    // where the signal stands above the noise; it must not have fewer positions than the kernel has unknowns.
    let wanted = max(
      region.lines.count, region.partitions.count, order / (extents.line * extents.partition) + 1)
    let centre = calibration.samples.shape[3] / 2
    let columns = (centre - wanted / 2..<centre + (wanted + 1) / 2).clamped(
      to: readout.lowerBound + arm..<readout.upperBound - arm)
    let rows = CalibrationRows(
      (mix?(calibration.samples) ?? calibration.samples).channelsLast(),
      calibration.samples.channelsLast(), neighbourhood, lines: reach.line..<reach.line + extents.line,
      partitions: reach.partition..<reach.partition + extents.partition, columns: columns)

    let order = self.order, length = (rows.count + Self.parts - 1) / Self.parts
    let parts = Mutex<[Int: Part]>([:])
    Parallelism.forEach(Self.parts) { index in
      let range = min(index * length, rows.count)..<min((index + 1) * length, rows.count)
      var sum = NDArray<Complex<Float>>(repeating: .zero, shape: [order, order])
      let power = rows.addWeighted(range, to: &sum, noiseVariance: noiseVariance)
      parts.withLock { $0[index] = Part(gram: sum, signal: power.signal, weight: power.weight) }
    }
    let sorted = parts.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
    let signal = sorted.reduce(0) { $0 + $1.signal }
    let weight = sorted.reduce(0) { $0 + $1.weight }
    guard signal.isFinite, weight.isFinite else { throw .calibrationNotFinite }
    guard signal > 0 else { throw .calibrationWithoutSignal }
    noiseShare = Float(Double(noiseVariance) * weight / signal)
    covariance = Self.covariance(sorted.map(\.gram), scale: Float(1 / signal))
  }

  /// The Gram matrix of some rows, with the sums of their weighted signal power and of their weights.
  private struct Part {
    let gram: NDArray<Complex<Float>>
    let signal: Double
    let weight: Double
  }

  /// The covariance from lower triangles of `sum conj(a[i]) a[j]`.
  private static func covariance(_ grams: [NDArray<Complex<Float>>], scale: Float) -> NDArray<Complex<Float>>
  {
    var sum = grams[0]
    for gram in grams.dropFirst() { sum.add(gram, times: 1) }
    let order = sum.shape[0]
    return NDArray(uninitializedShape: sum.shape) { target in
      sum.withUnsafeBufferPointer { sum in
        for row in 0..<order {
          for column in 0...row {
            let element = sum[row * order + column]
            target[row * order + column] = Complex(scale * element.real, -scale * element.imaginary)
            target[column * order + row] = Complex(scale * element.real, scale * element.imaginary)
          }
        }
      }
    }
  }

  /// The weights of an arrangement of neighbours at a signal power for some channels, axes `[neighbour, channel]`.
  ///
  /// - Throws: ``ParallelImagingError/calibrationNotFinite``.
  func weights(
    _ arrangement: [Int], signalPower: Float, channels: Range<Int>
  ) throws(ParallelImagingError) -> NDArray<Complex<Float>> {
    var factor = ArrangementFactor(unknowns: arrangement.count * blockLength)
    return try weights(arrangement, signalPower: signalPower, channels: channels, &factor)
  }

  /// The same, with what a factor holds already, which then holds this arrangement's.
  func weights(
    _ arrangement: [Int], signalPower: Float, channels: Range<Int>, _ factor: inout ArrangementFactor
  ) throws(ParallelImagingError) -> NDArray<Complex<Float>> {
    var damping = max(noiseVariance / signalPower - noiseShare, Self.smallestDamping)
    while true {
      do throws(LinearAlgebraError) {
        return try solve(arrangement, damping: damping, channels, &factor)
      } catch .notPositiveDefinite where damping < 1 {
        damping *= 10
      } catch {
        throw .calibrationNotFinite
      }
    }
  }

  private func solve(
    _ arrangement: [Int], damping: Float, _ channels: Range<Int>, _ factor: inout ArrangementFactor
  ) throws(LinearAlgebraError) -> NDArray<Complex<Float>> {
    let unknowns = arrangement.count * blockLength, first = order - targets + channels.lowerBound
    let shared = factor.shared(with: arrangement, damping: damping), known = shared * blockLength
    let stride = factor.stride
    var solution = NDArray<Complex<Float>>(repeating: .zero, shape: [channels.count, unknowns])
    // The columns of some neighbours, from one of the arrangement's on.
    func copy(
      _ row: Int, from neighbour: Int, to target: UnsafeMutableBufferPointer<Complex<Float>>, _ start: Int
    ) {
      covariance.withUnsafeBufferPointer { covariance in
        for index in neighbour..<arrangement.count {
          let source = row * order + arrangement[index] * blockLength
          let first = start + index * blockLength
          _ = UnsafeMutableBufferPointer(rebasing: target[first..<first + blockLength])
            .update(fromContentsOf: UnsafeBufferPointer(rebasing: covariance[source..<source + blockLength]))
        }
      }
    }
    factor.holds([], damping: damping)
    try factor.elements.withUnsafeMutableBufferPointer { (matrix) throws(LinearAlgebraError) in
      for (index, neighbour) in arrangement.enumerated() {
        for element in 0..<blockLength {
          let row = index * blockLength + element
          copy(neighbour * blockLength + element, from: max(index, shared), to: matrix, row * stride)
          if index >= shared { matrix[row * stride + row].real += damping }
        }
      }
      try solution.withUnsafeMutableBufferPointer { (solution) throws(LinearAlgebraError) in
        for index in 0..<channels.count { copy(first + index, from: 0, to: solution, index * unknowns) }
        try solvePositiveDefinite(solution, matrix, order: unknowns, stride: stride, factored: known)
      }
    }
    factor.holds(arrangement, damping: damping)
    let count = channels.count
    return NDArray(uninitializedShape: [unknowns, count]) { target in
      solution.withUnsafeBufferPointer { solution in
        for unknown in 0..<unknowns {
          for channel in 0..<count {
            target[unknown * count + channel] = solution[channel * unknowns + unknown]
          }
        }
      }
    }
  }
}
