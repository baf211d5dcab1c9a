import MRIData
import NDArrays
import Numerics

extension NoiseLevel {
  /// Estimates the noise from what channels do not share, in voxels with signal.
  ///
  /// Of `2 C K` real numbers per voxel (`C` channels, `K` echoes) the best matrix of rank one has `2 (C + K - 1)`. The
  /// rest sums to a chi-square variable times `sigma^2`, whose median over the voxels above the mean signal resists
  /// motion and flow.
  ///
  /// - Parameters:
  ///   - combined: The dominant echoes, and the squared signal beside them.
  ///   - channels: The number of channels, whose noise is their own.
  init(residual combined: DominantEchoes, channels: Int) {
    let echoes = combined.echoes.shape[0], voxels = combined.residual.count
    self = combined.echoes.withUnsafeBufferPointer { values in
      combined.residual.withUnsafeBufferPointer { residual in
        NoiseLevel(
          voxels: voxels, freedom: 2 * (channels - 1) * (echoes - 1), square: { residual[$0] },
          signal: { voxel in
            (0..<echoes).reduce(Float(0)) { $0 + values[$1 * voxels + voxel].lengthSquared }.squareRoot()
          })
      }
    }
  }

  /// Estimates the noise from what an exponential decay leaves unexplained of combined echoes, in voxels with signal.
  ///
  /// Of `2 K` real numbers per voxel the model explains four. Decay that is not exponential counts as noise.
  init(misfitOf maps: DecayMaps, echoes: Int) {
    self = maps.misfit.withUnsafeBufferPointer { misfit in
      maps.amplitude.withUnsafeBufferPointer { amplitude in
        NoiseLevel(
          voxels: misfit.count, freedom: 2 * echoes - 4, square: { misfit[$0] }, signal: { amplitude[$0] })
      }
    }
  }

  /// The level of which squares with some degrees of freedom are the sums, by their median where the signal is above
  /// its mean; of large volumes a hundred thousand voxels or more are looked at.
  private init(voxels: Int, freedom: Int, square: (Int) -> Float, signal: (Int) -> Float) {
    let looked = Swift.stride(from: 0, to: voxels, by: max(1, voxels / 100_000))
      .map { (signal: signal($0), square: square($0)) }.filter { $0.signal.isFinite }
    let mean = looked.reduce(0.0) { $0 + Double($1.signal) } / Double(max(looked.count, 1))
    let found = looked.filter { Double($0.signal) > mean && $0.square.isFinite }.map(\.square).sorted()
    guard freedom > 0, !found.isEmpty else {
      self = .unknown
      return
    }
    // Wilson and Hilferty's median of chi-square, good to 1 % from two degrees of freedom.
    let freedom = Double(freedom), root = 1 - 2 / (9 * freedom)
    let variance = Double(found[found.count / 2]) / (freedom * root * root * root)
    self = .whitened(standardDeviation: Float(max(0, variance).squareRoot()))
  }

  /// Estimates the noise from how the phase between two echoes scatters in space, where no model can be wrong: as many
  /// unknowns as numbers.
  ///
  /// ```
  /// d = arg prod over the corners of 2 x 2 x 2 voxels of (S_2 conj S_1)^(+-1)     the sign alternates along each axis
  /// sigma = median of |d| / sqrt(sum over the corners of 1 / |S_1|^2 + 1 / |S_2|^2) / 0.6745
  /// ```
  ///
  /// Differences along all axes at once leave little of a smooth field, whatever the turns it makes. Cubes count that
  /// are brighter than half the mean. What the field has of fine structure counts as noise.
  ///
  /// - Parameters:
  ///   - first: The combined first echo, axes `[z, y, x]`.
  ///   - second: The second.
  init(scatterOf first: NDArray<Complex<Float>>, _ second: NDArray<Complex<Float>>) {
    let shape = first.shape
    let strides = [shape[1] * shape[2], shape[2], 1]
    let axes = strides.indices.filter { shape[$0] > 1 }
    let corners = (0..<1 << axes.count).map { corner in
      axes.enumerated().reduce((offset: 0, isOdd: false)) { sum, axis in
        corner >> axis.offset & 1 == 0 ? sum : (sum.offset + strides[axis.element], !sum.isOdd)
      }
    }
    let bright = first.map { $0.isFinite ? $0.length : 0 }
    let mean =
      bright.withUnsafeBufferPointer { $0.reduce(0.0) { $0 + Double($1) } } / Double(max(first.count, 1))
    var values: [Float] = []
    first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        for voxel in first.indices {
          let place = [voxel / strides[0], voxel / strides[1] % shape[1], voxel % shape[2]]
          guard !axes.isEmpty, axes.allSatisfy({ place[$0] < shape[$0] - 1 }) else { continue }
          var turn = Complex<Float>(1), variance: Float = 0, isBright = true
          for corner in corners {
            let one = first[voxel + corner.offset], two = second[voxel + corner.offset]
            isBright = isBright && Double(one.length) > mean / 2 && two.length > 0
            var step = two * one.conjugate
            step = step.divided(by: step.length)
            turn *= corner.isOdd ? step.conjugate : step
            variance += 1 / one.lengthSquared + 1 / two.lengthSquared
          }
          if isBright, turn.isFinite, variance.isFinite {
            values.append(abs(turn.angle) / variance.squareRoot())
          }
        }
      }
    }
    // Of some dozens, the median is known to a tenth.
    guard values.count >= 64 else {
      self = .unknown
      return
    }
    values.sort()
    self = .whitened(standardDeviation: values[values.count / 2] / 0.674_489_75)
  }
}
