import MRIData
import NDArrays
import Numerics

/// How the power of the image falls with spatial frequency, learned from the samples that were acquired.
///
/// ```
/// S_x(k) = e_x (<sum_c |y_c(k)|^2> - C s^2)        the mean over all samples with nearly the same |k|
/// ```
///
/// where `s^2` is the noise variance of a sample and `e_x` the share of a readout position. With sensitivities of
/// unit length, `S` is the expected power of the image's spectrum; `s^2 / S` are then the weights of the most
/// probable image (Wiener). Noise of unknown level is taken to be 90 % of what is found at the highest frequencies,
/// where little else is.
package struct PowerSpectrum: Sendable {
  /// The variance of the noise of a sample, real and imaginary part together.
  package let noiseVariance: Double
  /// The power at each distance from the centre, in steps of ``step``.
  private let shells: [Double]
  /// The distance of each position from the centre in shells, axes `[kz, ky]`.
  private let distances: [Double]
  /// The energy of each readout position over the mean.
  private let shares: [Double]

  private static let shellCount = 32

  package init(_ samples: HybridSamples, of scan: CompactKSpace) {
    let channels = Double(scan.channels), lines = scan.lines, partitions = scan.partitions
    let view = scan.geometry.fieldOfView
    // Distances [1/m]: the object's details are as fine along one axis as along the other.
    let radii = (0..<lines * partitions).map { position -> Double in
      let y = Double(position % lines - lines / 2) / view.y
      let z = Double(position / lines - partitions / 2) / view.z
      return (y * y + z * z).squareRoot()
    }
    let outermost = max(radii.max() ?? 0, .leastNormalMagnitude)
    let distances = radii.map { $0 / outermost * Double(Self.shellCount - 1) }
    self.distances = distances

    var sums = [Double](repeating: 0, count: Self.shellCount)
    var counts = sums
    var energies: [Double] = []
    for x in 0..<scan.readoutLength {
      let plane = samples.plane(x)
      var energy = 0.0
      plane.withUnsafeBufferPointer { values in
        for (index, position) in samples.positions.enumerated() {
          var power = 0.0
          for channel in 0..<scan.channels {
            power += Double(values[channel * samples.positions.count + index].lengthSquared)
          }
          let shell = Int(distances[position].rounded())
          sums[shell] += power
          counts[shell] += 1
          energy += power
        }
      }
      energies.append(energy)
    }
    let means = sums.indices.map { counts[$0] > 0 ? sums[$0] / counts[$0] : nil }
    let floor = means.compactMap { $0 }.min() ?? 0
    // A shell without samples is like the one within it, the centre like the innermost that has some.
    var power = means.lazy.compactMap { $0 }.first ?? 0
    let powers = means.map { mean in
      power = mean ?? power
      return power
    }
    let variance = scan.noise.standardDeviation.map { 2 * Double($0) * Double($0) } ?? 0.9 * floor / channels
    noiseVariance = variance
    // Nothing is ever quite absent: details below the noise are damped, not forbidden.
    shells = powers.map { max($0 - channels * variance, 0.02 * channels * variance) }
    let noiseEnergy = channels * variance * Double(samples.positions.count)
    let excess = energies.map { max($0 - noiseEnergy, 0.02 * noiseEnergy) }
    let mean = excess.reduce(0, +) / Double(max(excess.count, 1))
    shares = excess.map { mean > 0 ? $0 / mean : 1 }
  }

  /// The square roots of the weights `s^2 / S` of one plane, axes `[kz, ky]`; zero without noise.
  func penaltyWeights(at x: Int, shape: [Int]) -> NDArray<Float> {
    NDArray(
      distances.map { distance in
        let power = power(at: distance) * shares[x]
        return power > 0 ? Float((noiseVariance / power).squareRoot()) : 0
      }, shape: shape)
  }

  /// The weight `s^2 / P` of a plane whose power is spread evenly over some voxels; zero without noise.
  func damping(at x: Int, voxels: Int) -> Double {
    let power = distances.reduce(0.0) { $0 + self.power(at: $1) } * shares[x] / Double(max(voxels, 1))
    return power > 0 ? noiseVariance / power : 0
  }

  /// The expected power at a distance from the centre in shells.
  private func power(at distance: Double) -> Double {
    let lower = min(Int(distance), shells.count - 2), fraction = distance - Double(lower)
    return shells[lower] * (1 - fraction) + shells[lower + 1] * fraction
  }
}
