import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Synchronization

extension KSpace {
  /// Predicts missing lines, on all threads.
  mutating func fill(_ groups: [GapGroup], by calibration: CalibrationCovariance) throws(ParallelImagingError)
  {
    let shape = samples.shape, range = readoutRange
    let failure = Mutex<ParallelImagingError?>(nil)
    samples.withUnsafeMutableBufferPointer { samples in
      let filler = GapFiller(
        samples: SharedBuffer(samples), shape: shape, readout: range, calibration: calibration)
      Parallelism.forEach(groups.count) { index in
        guard failure.withLock({ $0 == nil }) else { return }
        do throws(ParallelImagingError) {
          try filler.fill(groups[index])
        } catch {
          failure.withLock { $0 = error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }
}

/// Predicts missing lines from acquired ones; groups touch different lines, and none reads what another writes.
private struct GapFiller: Sendable {
  /// The samples, axes `[echo, channel, kz, ky, kx]`.
  let samples: SharedBuffer<Complex<Float>>
  let shape: [Int]
  let readout: Range<Int>
  let calibration: CalibrationCovariance

  /// Signal powers share weights in steps of this factor.
  private static let powerStep: Float = 4
  /// The signal power, in units of the noise variance, below which samples are mostly noise and share weights.
  private static let faintest: Float = 0.1

  private var arm: Int { calibration.neighbourhood.kernel.readoutWidth / 2 }
  private var channels: Int { calibration.channels }

  func fill(_ group: GapGroup) throws(ParallelImagingError) {
    let unknowns = group.arrangement.count * calibration.blockLength
    let length = readout.count + 2 * arm
    var lines = NDArray<Complex<Float>>(
      repeating: .zero, shape: [group.arrangement.count, length, channels])
    var rows = NDArray<Complex<Float>>(repeating: .zero, shape: [readout.count, unknowns])
    var predicted = NDArray<Complex<Float>>(repeating: .zero, shape: [readout.count, channels])
    var weights: [Int: NDArray<Complex<Float>>] = [:]
    for gap in group.gaps {
      gather(gap, group.arrangement, into: &lines)
      for (level, columns) in columnsByLevel(lines) {
        let kernel: NDArray<Complex<Float>>
        if let known = weights[level] {
          kernel = known
        } else {
          kernel = try calibration.weights(group.arrangement, signalPower: power(of: level))
          weights[level] = kernel
        }
        predict(columns, lines, kernel, &rows, &predicted)
        scatter(columns, predicted, to: gap)
      }
    }
  }

  /// Copies the neighbouring lines, axes `[neighbour, kx, channel]`, with zeros beyond the ends of the readout.
  private func gather(_ gap: Gap, _ arrangement: [Int], into lines: inout NDArray<Complex<Float>>) {
    let length = lines.shape[1]
    lines.withUnsafeMutableBufferPointer { lines in
      for (index, neighbour) in arrangement.enumerated() {
        let offset = calibration.neighbourhood.offsets[neighbour]
        for channel in 0..<channels {
          let source = row(
            gap.echo, channel, gap.partition + offset.partition, gap.line + offset.line)
          var target = (index * length + arm) * channels + channel
          for column in readout {
            lines[target] = samples[source + column]
            target += channels
          }
        }
      }
    }
  }

  /// The columns of the readout by the power of the neighbours' signal, in steps on a logarithmic scale.
  private func columnsByLevel(_ lines: NDArray<Complex<Float>>) -> [Int: [Int]] {
    let length = lines.shape[1], neighbours = lines.shape[0], width = 2 * arm + 1
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
    _ columns: [Int], _ lines: NDArray<Complex<Float>>, _ weights: NDArray<Complex<Float>>,
    _ rows: inout NDArray<Complex<Float>>, _ predicted: inout NDArray<Complex<Float>>
  ) {
    let unknowns = weights.shape[0], block = calibration.blockLength, length = lines.shape[1]
    rows.withUnsafeMutableBufferPointer { rows in
      lines.withUnsafeBufferPointer { lines in
        for (index, column) in columns.enumerated() {
          for neighbour in 0..<lines.count / (length * channels) {
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
            into: UnsafeMutableBufferPointer(rebasing: predicted[..<(columns.count * channels)]),
            rows: columns.count, columns: channels, inner: unknowns)
        }
      }
    }
  }

  private func scatter(_ columns: [Int], _ predicted: NDArray<Complex<Float>>, to gap: Gap) {
    predicted.withUnsafeBufferPointer { predicted in
      for channel in 0..<channels {
        let target = row(gap.echo, channel, gap.partition, gap.line) + readout.lowerBound
        for (index, column) in columns.enumerated() {
          samples[target + column] = predicted[index * channels + channel]
        }
      }
    }
  }

  /// The offset of a line's first sample.
  private func row(_ echo: Int, _ channel: Int, _ partition: Int, _ line: Int) -> Int {
    (((echo * channels + channel) * shape[2] + partition) * shape[3] + line) * shape[4]
  }
}
