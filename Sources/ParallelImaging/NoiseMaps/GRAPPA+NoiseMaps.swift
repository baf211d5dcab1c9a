import LinearAlgebra
import MRIData
import NDArrays
import Numerics

extension GRAPPA: NoiseAnalysis {
  /// The noise of images filled from a regular mask; `nil` for other masks.
  ///
  /// ```
  /// x_c(r) = sum_c' W_cc'(r) a_c'(r)     W_cc'(r) = delta_cc' + sum_(gap, d) w[c, (c', d)] exp(-2 pi i d r)
  /// g = |w^H W| / R
  /// ```
  ///
  /// where `a` are the folded images and `w` the best combination of channels. Weights depend on the power of the signal
  /// around a missing sample: `|w^H W|^2` is a mean over the powers of the acquired samples. Like the original, the
  /// analysis leaves calibration lines beside the regular ones aside: with them, noise is a little less than this.
  ///
  /// - Throws: ``ParallelImagingError``.
  /// - SeeAlso: F. A. Breuer et al., "General formulation for quantitative g-factor calculation in GRAPPA
  ///   reconstructions", Magn. Reson. Med. 62(3):739-746, 2009, doi:10.1002/mrm.22066.
  public func noiseMaps(for scan: KSpace) throws -> NoiseMaps? {
    let scan = scan.withEmbeddedCalibration
    let compact = CompactKSpace(scan)
    guard !scan.isFullySampled else { return nil }
    let block = try CalibrationBlock(compact)
    let kernel = self.kernel ?? Kernel(for: compact, block.region)
    let near = Neighbourhood(kernel, lines: scan.lines, partitions: scan.partitions)
    let lattices = scan.masks.compactMap { SamplingLattice($0, outside: $0.calibrationRegion) }
    guard lattices.count == scan.echoes else { return nil }
    let mix = try plan(compact).mix
    let weights = try CalibrationCovariance(
      block, mix, near, scan.readoutRange, noiseVariance: compact.noiseVariance)
    let images = try self(compact)
    var deviation = NDArray<Float>(repeating: 0, shape: images.shape)
    for (echo, lattice) in lattices.enumerated() {
      guard let kernels = try ImageKernels(scan, echo: echo, lattice, near, weights, mix) else { return nil }
      var channels = NDArray<Complex<Float>>(
        repeating: .zero, shape: [scan.channels] + scan.geometry.matrix.shape)
      for channel in 0..<scan.channels {
        channels.setPart(at: channel, to: try images.channel(channel).part(at: echo))
      }
      deviation.setPart(at: echo, to: kernels.noise(of: channels))
    }
    let sampled = Float(scan.readoutRange.count) / Float(scan.readoutLength)
    let noise = scan.noiseDeviation, level = noise * sampled.squareRoot()
    // Of a lattice all positions but one in R are noise of the same samples: 1 / R of the variance each.
    for (echo, lattice) in lattices.enumerated() {
      let scale = level / Float(lattice.acceleration).squareRoot()
      deviation.setPart(at: echo, to: deviation.part(at: echo).map { $0 * scale })
    }
    // Without a noise scan, the lattice's samples alone would be taken for others' noise.
    var regular = scan
    regular.noise = .whitened(standardDeviation: noise)
    for (echo, lattice) in lattices.enumerated() {
      regular.masks[echo] = SamplingMask(lattice)
    }
    return NoiseMaps(deviation, of: regular, source: .weights)
  }
}

extension SamplingMask {
  /// The positions of a lattice.
  init(_ lattice: SamplingLattice) {
    self.init(lines: lattice.lines, partitions: lattice.partitions, isAcquired: false)
    for partition in 0..<partitions {
      for line in 0..<lines {
        self[line: line, partition: partition] = lattice.contains(line: line, partition: partition)
      }
    }
  }
}

/// The weights of GRAPPA seen as images, for each power of the signal.
private struct ImageKernels {
  /// The distance from a missing sample to one that it is predicted from.
  private struct Tap {
    let partition: Int
    let line: Int
    let column: Int
  }

  private let taps: [Tap]
  /// For each power its share of the samples and the weights `[channel, (tap, source channel)]`.
  private let levels: [(share: Float, weights: NDArray<Complex<Float>>)]
  private let channels: Int

  /// Finds the weights of the missing positions of one cell of the lattice; `nil` if any has too few neighbours.
  init?(
    _ scan: KSpace, echo: Int, _ lattice: SamplingLattice, _ near: Neighbourhood,
    _ covariance: CalibrationCovariance, _ mix: ChannelMix?
  ) throws {
    let mask = SamplingMask(lattice)
    // A lattice position in the middle, all of whose neighbours lie within the grid.
    var corner = (line: lattice.lines / 2, partition: lattice.partitions / 2)
    while !lattice.contains(line: corner.line, partition: corner.partition) {
      corner.line += 1
      if corner.line == lattice.lines / 2 + lattice.steps.line {
        corner.line = lattice.lines / 2
        corner.partition += 1
      }
    }
    var arrangements: [[Int]] = []
    for partition in 0..<lattice.steps.partition {
      for line in 0..<lattice.steps.line where line + partition > 0 {
        let place = (line: corner.line + line, partition: corner.partition + partition)
        let arrangement = near.arrangement(line: place.line, partition: place.partition, of: mask)
        guard arrangement.count >= near.kernel.fewestLines else { return nil }
        arrangements.append(arrangement)
      }
    }
    let width = near.kernel.readoutWidth
    taps = arrangements.flatMap { arrangement in
      arrangement.flatMap { index in
        (0..<width).map { column in
          Tap(
            partition: near.offsets[index].partition, line: near.offsets[index].line,
            column: column - width / 2)
        }
      }
    }
    channels = scan.channels
    let channels = channels, columns = taps.count * channels
    levels = try scan.signalPowers(echo: echo, sources: covariance.sources).map { power, share in
      var joined = NDArray<Complex<Float>>(repeating: .zero, shape: [channels, columns])
      var first = 0
      for arrangement in arrangements {
        let predicting = try covariance.weights(arrangement, signalPower: power, channels: 0..<channels)
        let weights = mix.map { predicting.expanded(by: $0) } ?? predicting
        for unknown in 0..<weights.shape[0] {
          for channel in 0..<channels { joined[channel, first + unknown] = weights[unknown, channel] }
        }
        first += weights.shape[0]
      }
      return (share: share, weights: joined)
    }
  }

  /// The norm of `w^H W` at each voxel, axes `[z, y, x]`.
  ///
  /// - Parameter images: The images of all channels, axes `[channel, z, y, x]`.
  func noise(of images: NDArray<Complex<Float>>) -> NDArray<Float> {
    let matrix = Extents(x: images.shape[3], y: images.shape[2], z: images.shape[1])
    let voxels = matrix.count, columns = taps.count * channels
    let phases = (
      x: Self.phases(matrix.x, taps.map(\.column)), y: Self.phases(matrix.y, taps.map(\.line)),
      z: Self.phases(matrix.z, taps.map(\.partition))
    )
    return NDArray(uninitializedShape: matrix.shape) { target in
      let target = SharedBuffer(target)
      images.withUnsafeBufferPointer { images in
        let images = SharedConstants(images)
        Parallelism.forEach(matrix.y * matrix.z) { row in
          let (z, y) = row.quotientAndRemainder(dividingBy: matrix.y)
          var combination = NDArray<Complex<Float>>(repeating: .zero, shape: [matrix.x, channels])
          for x in 0..<matrix.x {
            let values = (0..<channels).map { images[$0 * voxels + row * matrix.x + x] }
            let norm = values.reduce(Float(0)) { $0 + $1.lengthSquared }.squareRoot()
            for channel in 0..<channels where norm > 0 {
              combination[x, channel] = values[channel].conjugate.divided(by: norm)
            }
          }
          var sums = [Float](repeating: 0, count: matrix.x)
          var product = NDArray<Complex<Float>>(repeating: .zero, shape: [matrix.x, columns])
          for (share, weights) in levels {
            product.withUnsafeMutableBufferPointer { product in
              combination.withUnsafeBufferPointer { combination in
                weights.withUnsafeBufferPointer { weights in
                  multiply(
                    combination, weights, into: product, rows: matrix.x, columns: columns, inner: channels)
                  for x in 0..<matrix.x {
                    var power: Float = 0
                    for channel in 0..<channels {
                      var sum = combination[x * channels + channel]
                      for tap in taps.indices {
                        let phase =
                          phases.x[x * taps.count + tap] * phases.y[y * taps.count + tap]
                          * phases.z[z * taps.count + tap]
                        sum += product[x * columns + tap * channels + channel] * phase
                      }
                      power += sum.lengthSquared
                    }
                    sums[x] += share * power
                  }
                }
              }
            }
          }
          for x in 0..<matrix.x { target[row * matrix.x + x] = sums[x].squareRoot() }
        }
      }
    }
  }

  /// `exp(-2 pi i d r / n)`, axes `[r, tap]`.
  private static func phases(_ extent: Int, _ distances: [Int]) -> [Complex<Float>] {
    (0..<extent).flatMap { index in
      distances.map { distance in
        let turns = (index - extent / 2) * distance % extent
        return Complex(length: 1, phase: -2 * .pi * Float(turns) / Float(extent))
      }
    }
  }
}

extension NDArray<Complex<Float>> {
  /// Weights `[(tap, virtual channel), target]` as weights of the receive channels `[(tap, channel), target]`.
  fileprivate func expanded(by mix: ChannelMix) -> NDArray {
    let taps = shape[0] / mix.virtualChannels, targets = shape[1]
    var result = NDArray(repeating: .zero, shape: [taps * mix.channels, targets])
    for tap in 0..<taps {
      for row in 0..<mix.virtualChannels {
        for channel in 0..<mix.channels {
          let factor = mix.weights[0, row, channel]
          for target in 0..<targets {
            result[tap * mix.channels + channel, target] +=
              factor * self[tap * mix.virtualChannels + row, target]
          }
        }
      }
    }
    return result
  }
}

extension KSpace {
  /// The mean powers of the signal of so many channels around acquired samples, in steps as ``GapFiller`` takes, and the share of
  /// samples of each; virtual channels hold the signal of all.
  fileprivate func signalPowers(echo: Int, sources: Int) -> [(power: Float, share: Float)] {
    let noise = CompactKSpace(self).noiseVariance
    guard noise > 0 else { return [(1, 1)] }
    var counts: [Int: Int] = [:]
    let rows = lines * partitions, length = readoutLength
    samples.withUnsafeBufferPointer { samples in
      for row in 0..<rows where masks[echo][line: row % lines, partition: row / lines] {
        for column in readoutRange {
          var power: Float = 0
          for channel in 0..<channels {
            power += samples[((echo * channels + channel) * rows + row) * length + column].lengthSquared
          }
          guard power.isFinite else { continue }
          let signal = max((power - Float(channels) * noise) / Float(sources), GapFiller.faintest * noise)
          counts[Int((Float.log(signal / noise) / Float.log(GapFiller.powerStep)).rounded()), default: 0] += 1
        }
      }
    }
    let total = Float(counts.values.reduce(0, +))
    return counts.sorted { $0.key < $1.key }.map { level, count in
      (noise * .pow(GapFiller.powerStep, Float(level)), Float(count) / total)
    }
  }
}
