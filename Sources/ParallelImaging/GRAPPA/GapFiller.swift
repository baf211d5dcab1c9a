import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Synchronization

/// Where predicted lines of some channels are written.
struct GapTarget: Sendable {
  /// The samples, axes `[row, kx]`.
  let samples: SharedBuffer<Complex<Float>>
  /// Which line each row is; its channels are ``channels`` in order.
  let table: LineTable
  let channels: Range<Int>
}

/// Predicts missing lines from acquired ones; groups touch different lines, and none reads what another writes.
struct GapFiller: Sendable {
  let sources: SourceLines
  let calibration: CalibrationCovariance
  /// The number of samples of a readout.
  let length: Int
  /// The sampled part of it.
  let readout: Range<Int>
  /// The number of lines of a partition.
  let lines: Int

  /// Signal powers share weights in steps of this factor.
  static let powerStep: Float = 4
  /// The signal power, in units of the noise variance, below which samples are mostly noise and share weights.
  static let faintest: Float = 0.1
  /// The number of groups that a thread takes at once, one after the other.
  private static let longestRun = 64

  private var arm: Int { calibration.neighbourhood.kernel.readoutWidth / 2 }

  /// Predicts the lines of all groups, on all threads.
  func fill(_ groups: [GapGroup], into target: GapTarget) throws(ParallelImagingError) {
    let failure = Mutex<ParallelImagingError?>(nil)
    let runs = (groups.count + Self.longestRun - 1) / Self.longestRun
    Parallelism.forEach(runs) { run in
      var workspace = Workspace(
        neighbours: longestArrangement, columns: readout.count, arm: arm, sources: sources.channels,
        targets: target.channels.count)
      for index in run * Self.longestRun..<min((run + 1) * Self.longestRun, groups.count) {
        guard failure.withLock({ $0 == nil }) else { return }
        do throws(ParallelImagingError) {
          try fill(groups[index], target, &workspace)
        } catch {
          failure.withLock { $0 = error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// What a thread keeps from one group of lines to the next.
  private struct Workspace {
    /// The neighbouring lines, axes `[neighbour, kx, channel]`, with zeros beyond the ends of the readout.
    var lines: NDArray<Complex<Float>>
    /// The samples that some columns are predicted from, row after row.
    var rows: NDArray<Complex<Float>>
    /// Some columns as predicted, axes `[column, channel]`.
    var predicted: NDArray<Complex<Float>>
    /// The covariances that were factored last, by the step of the signal power.
    var factors: [Int: ArrangementFactor] = [:]

    init(neighbours: Int, columns: Int, arm: Int, sources: Int, targets: Int) {
      lines = NDArray(repeating: .zero, shape: [neighbours, columns + 2 * arm, sources])
      rows = NDArray(repeating: .zero, shape: [columns, neighbours * (2 * arm + 1) * sources])
      predicted = NDArray(repeating: .zero, shape: [columns, targets])
    }
  }

  private func fill(
    _ group: GapGroup, _ target: GapTarget, _ workspace: inout Workspace
  ) throws(ParallelImagingError) {
    let room = longestArrangement * calibration.blockLength
    var weights: [Int: NDArray<Complex<Float>>] = [:]
    for gap in group.gaps {
      gather(gap, group.arrangement, into: &workspace.lines)
      for (level, columns) in columnsByLevel(workspace.lines, neighbours: group.arrangement.count) {
        let kernel: NDArray<Complex<Float>>
        if let known = weights[level] {
          kernel = known
        } else {
          kernel = try calibration.weights(
            group.arrangement, signalPower: power(of: level), channels: target.channels,
            &workspace.factors[level, default: ArrangementFactor(unknowns: room)])
          weights[level] = kernel
        }
        predict(
          columns, workspace.lines, neighbours: group.arrangement.count, kernel, &workspace.rows,
          &workspace.predicted)
        scatter(columns, workspace.predicted, to: gap, target)
      }
    }
  }

  /// The largest number of lines that a missing one is predicted from.
  private var longestArrangement: Int {
    min(calibration.neighbourhood.kernel.lines, calibration.neighbourhood.offsets.count)
  }

  /// Copies the neighbouring lines, axes `[neighbour, kx, channel]`, with zeros beyond the ends of the readout.
  private func gather(_ gap: Gap, _ arrangement: [Int], into neighbours: inout NDArray<Complex<Float>>) {
    let extent = neighbours.shape[1], channels = sources.channels
    neighbours.withUnsafeMutableBufferPointer { neighbours in
      for (index, neighbour) in arrangement.enumerated() {
        let offset = calibration.neighbourhood.offsets[neighbour]
        let position = (gap.partition + offset.partition) * lines + gap.line + offset.line
        let start = (index * extent + arm) * channels
        sources.copy(
          readout, echo: gap.echo, position: position,
          to: UnsafeMutableBufferPointer(rebasing: neighbours[start..<start + readout.count * channels]))
      }
    }
  }

  /// The columns of the readout by the power of the neighbours' signal, in steps on a logarithmic scale.
  private func columnsByLevel(_ lines: NDArray<Complex<Float>>, neighbours: Int) -> [Int: [Int]] {
    let (length, channels) = (lines.shape[1], lines.shape[2])
    let width = 2 * arm + 1
    var powers = [Float](repeating: 0, count: length)
    lines.withUnsafeBufferPointer { lines in
      for neighbour in 0..<neighbours {
        for column in 0..<length {
          let first = (neighbour * length + column) * channels
          for element in first..<first + channels { powers[column] += lines[element].lengthSquared }
        }
      }
    }
    var result: [Int: [Int]] = [:]
    let scale = 1 / Float(neighbours * width * channels)
    for column in 0..<readout.count {
      let power = powers[column..<column + width].reduce(0, +) * scale
      result[level(of: power), default: []].append(column)
    }
    return result
  }

  /// The step of a mean power.
  private func level(of power: Float) -> Int {
    let noise = calibration.noiseVariance
    guard noise > 0 else { return 0 }
    let signal = max(power - noise, Self.faintest * noise)
    return Int((Float.log(signal / noise) / Float.log(Self.powerStep)).rounded())
  }

  private func power(of level: Int) -> Float {
    calibration.noiseVariance > 0 ? calibration.noiseVariance * .pow(Self.powerStep, Float(level)) : 1
  }

  private func predict(
    _ columns: [Int], _ lines: NDArray<Complex<Float>>, neighbours: Int, _ weights: NDArray<Complex<Float>>,
    _ rows: inout NDArray<Complex<Float>>, _ predicted: inout NDArray<Complex<Float>>
  ) {
    let unknowns = weights.shape[0], targets = weights.shape[1], block = calibration.blockLength
    let (length, channels) = (lines.shape[1], lines.shape[2])
    rows.withUnsafeMutableBufferPointer { rows in
      lines.withUnsafeBufferPointer { lines in
        for (index, column) in columns.enumerated() {
          for neighbour in 0..<neighbours {
            let source = (neighbour * length + column) * channels
            let target = index * unknowns + neighbour * block
            _ = UnsafeMutableBufferPointer(rebasing: rows[target..<target + block])
              .update(fromContentsOf: UnsafeBufferPointer(rebasing: lines[source..<source + block]))
          }
        }
      }
      weights.withUnsafeBufferPointer { weights in
        predicted.withUnsafeMutableBufferPointer { predicted in
          multiply(
            UnsafeBufferPointer(rebasing: rows[..<(columns.count * unknowns)]), weights,
            into: UnsafeMutableBufferPointer(rebasing: predicted[..<(columns.count * targets)]),
            rows: columns.count, columns: targets, inner: unknowns)
        }
      }
    }
  }

  private func scatter(
    _ columns: [Int], _ predicted: NDArray<Complex<Float>>, to gap: Gap, _ target: GapTarget
  ) {
    let channels = target.channels.count
    predicted.withUnsafeBufferPointer { predicted in
      for channel in 0..<channels {
        let row = target.table.row(
          echo: gap.echo, channel: channel, position: gap.partition * lines + gap.line)
        for (index, column) in columns.enumerated() {
          target.samples[row * length + readout.lowerBound + column] = predicted[index * channels + channel]
        }
      }
    }
  }
}
