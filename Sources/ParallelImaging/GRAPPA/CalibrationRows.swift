import LinearAlgebra
import NDArrays
import Numerics

/// The neighbours of every calibration sample, one row per sample.
struct CalibrationRows: Sendable {
  /// What is predicted from, axes `[kz, ky, kx, channel]`.
  private let sources: NDArray<Complex<Float>>
  /// What is predicted, axes `[kz, ky, kx, channel]`.
  private let targets: NDArray<Complex<Float>>
  private let neighbourhood: Neighbourhood
  private let lines: Range<Int>
  private let partitions: Range<Int>
  private let columns: Range<Int>

  init(
    _ sources: NDArray<Complex<Float>>, _ targets: NDArray<Complex<Float>>, _ neighbourhood: Neighbourhood,
    lines: Range<Int>, partitions: Range<Int>, columns: Range<Int>
  ) {
    self.sources = sources
    self.targets = targets
    self.neighbourhood = neighbourhood
    self.lines = lines
    self.partitions = partitions
    self.columns = columns
  }

  /// The number of rows.
  var count: Int { partitions.count * lines.count * columns.count }

  /// Adds the weighted Gram matrix of some rows, and returns the sums of weighted signal power and of weights.
  func addWeighted(
    _ range: Range<Int>, to gram: inout NDArray<Complex<Float>>, noiseVariance: Float
  ) -> (signal: Double, weight: Double) {
    let order = gram.shape[0], unknowns = order - targets.shape[3], batch = 256
    var total = (signal: 0.0, weight: 0.0)
    withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: batch * order) { rows in
      rows.initialize(repeating: .zero)
      for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
        let end = min(start + batch, range.upperBound)
        for index in start..<end {
          let row = UnsafeMutableBufferPointer(
            rebasing: rows[(index - start) * order..<(index - start + 1) * order])
          copy(index, to: row)
          let power = Float(
            row[..<unknowns].reduce(0.0) { $0 + Double($1.lengthSquared) } / Double(unknowns))
          let signal = max(power - noiseVariance, 0)
          guard signal > 0 else {
            row.update(repeating: .zero)
            continue
          }
          let weight = signal / (power * power)
          let factor = weight.squareRoot()
          for element in row.indices {
            row[element] = Complex(factor * row[element].real, factor * row[element].imaginary)
          }
          total.signal += Double(weight * signal)
          total.weight += Double(weight)
        }
        addGramMatrix(
          of: UnsafeBufferPointer(rebasing: rows[..<((end - start) * order)]), to: &gram)
      }
    }
    return total
  }

  /// Writes the neighbours of one sample, and the sample.
  private func copy(_ index: Int, to row: UnsafeMutableBufferPointer<Complex<Float>>) {
    let column = columns.lowerBound + index % columns.count
    let line = lines.lowerBound + index / columns.count % lines.count
    let partition = partitions.lowerBound + index / columns.count / lines.count
    let width = neighbourhood.kernel.readoutWidth
    func copy(
      _ samples: NDArray<Complex<Float>>, line: Int, partition: Int, column: Int, width: Int, to target: Int
    ) {
      let channels = samples.shape[3]
      let first = ((partition * samples.shape[1] + line) * samples.shape[2] + column) * channels
      samples.withUnsafeBufferPointer { samples in
        _ = UnsafeMutableBufferPointer(rebasing: row[target..<target + width * channels])
          .update(fromContentsOf: UnsafeBufferPointer(rebasing: samples[first..<first + width * channels]))
      }
    }
    var target = 0
    for offset in neighbourhood.offsets {
      copy(
        sources, line: line + offset.line, partition: partition + offset.partition,
        column: column - width / 2, width: width, to: target)
      target += width * sources.shape[3]
    }
    copy(targets, line: line, partition: partition, column: column, width: 1, to: target)
  }
}

extension NDArray<Complex<Float>> {
  /// A copy of `[channel, kz, ky, kx]` with axes `[kz, ky, kx, channel]`.
  func channelsLast() -> NDArray {
    let channels = shape[0], volume = count / Swift.max(channels, 1)
    return NDArray(uninitializedShape: Array(shape[1...]) + [channels]) { target in
      withUnsafeBufferPointer { source in
        for channel in 0..<channels {
          for index in 0..<volume { target[index * channels + channel] = source[channel * volume + index] }
        }
      }
    }
  }
}
