import MRIData
import NDArrays
import Numerics

/// The noise of any reconstruction, from repetitions of a scan with more noise added.
///
/// Each replica is the scan plus white noise of its own level at the acquired positions, reconstructed like the scan;
/// the standard deviation over the replicas, voxel by voxel, is that of the images' noise. Its relative error is
/// `1 / sqrt(4 n)` for `n` replicas: 9 % for 32, 5 % for 100. For reconstructions that are not linear, as with
/// wavelets, the result holds for this object and this noise.
///
/// Sensitivities are those of the scan in all replicas; weights that a reconstruction takes from the samples themselves
/// are found anew each time. Of all images, only sums are kept.
///
/// - SeeAlso: P. M. Robson et al., "Comprehensive quantification of signal-to-noise ratio and g-factor for image-based and
///   k-space-based parallel imaging reconstructions", Magn. Reson. Med. 60(4):895-907, 2008, doi:10.1002/mrm.21728.
public struct PseudoReplicas: Sendable {
  /// The number of replicas.
  public let count: Int
  /// The seed of the noise.
  public let seed: UInt64

  /// Creates the method.
  ///
  /// - Precondition: There are at least two replicas.
  public init(count: Int = 32, seed: UInt64 = 1) {
    precondition(count > 1, "\(count) replicas have no deviation from each other")
    self.count = count
    self.seed = seed
  }

  /// The noise that a reconstruction leaves in the images of a scan.
  ///
  /// - Parameters:
  ///   - reconstruction: The reconstruction.
  ///   - scan: The scan; without a noise scan, its noise is estimated from its faintest samples.
  ///   - progress: Called with the fraction that is done; what it throws ends the work.
  /// - Throws: What the reconstruction throws.
  public func callAsFunction(
    _ reconstruction: any Reconstruction, _ scan: KSpace, progress: (Double) throws -> Void = { _ in }
  ) throws -> NoiseMaps {
    let scan = scan.withEmbeddedCalibration
    let method = try (reconstruction as? any CalibratedReconstruction)?.calibrated(by: scan) ?? reconstruction
    let reference = try method(scan)
    var power = NDArray<Float>(repeating: 0, shape: reference.shape)
    for channel in 0..<reference.channels {
      let image = try reference.channel(channel)
      power.withUnsafeMutableBufferPointer { power in
        image.withUnsafeBufferPointer { image in
          for index in power.indices { power[index] += image[index].lengthSquared }
        }
      }
    }
    var sum = NDArray<Complex<Float>>(repeating: .zero, shape: reference.shape)
    var squares = NDArray<Float>(repeating: 0, shape: reference.shape)
    for replica in 0..<count {
      try progress(Double(replica) / Double(count))
      let change = try change(from: reference, in: method(scan.withNoise(seed: seed, replica: replica)))
      sum.withUnsafeMutableBufferPointer { sum in
        squares.withUnsafeMutableBufferPointer { squares in
          power.withUnsafeBufferPointer { power in
            change.withUnsafeBufferPointer { change in
              for index in sum.indices where power[index] > 0 {
                let deviation = change[index].divided(by: power[index].squareRoot())
                sum[index] += deviation
                squares[index] += deviation.lengthSquared
              }
            }
          }
        }
      }
    }
    let n = Float(count)
    let deviation = NDArray<Float>(uninitializedShape: sum.shape) { target in
      sum.withUnsafeBufferPointer { sum in
        squares.withUnsafeBufferPointer { squares in
          for index in target.indices {
            // Half of the complex variance is the real part's.
            let variance = (squares[index] - sum[index].lengthSquared / n) / (2 * (n - 1))
            target.initializeElement(at: index, to: max(variance, 0).squareRoot())
          }
        }
      }
    }
    try progress(1)
    return NoiseMaps(deviation, of: scan, source: .replicas(count))
  }

  /// The sum over channels of `conj(x) (y - x)`.
  private func change(from reference: ChannelImages, in images: ChannelImages) throws -> NDArray<
    Complex<Float>
  > {
    var sum = NDArray<Complex<Float>>(repeating: .zero, shape: reference.shape)
    for channel in 0..<reference.channels {
      let old = try reference.channel(channel), new = try images.channel(channel)
      sum.withUnsafeMutableBufferPointer { sum in
        old.withUnsafeBufferPointer { old in
          new.withUnsafeBufferPointer { new in
            for index in sum.indices { sum[index] += old[index].conjugate * (new[index] - old[index]) }
          }
        }
      }
    }
    return sum
  }
}

extension KSpace {
  /// The scan with as much noise again at the acquired positions.
  fileprivate func withNoise(seed: UInt64, replica: Int) -> KSpace {
    var scan = self
    let deviation = Double(noiseDeviation), channels = channels, length = readoutLength, range = readoutRange
    let positions = lines * partitions, masks = masks.map(\.isAcquired.elements)
    let rows = echoes * channels
    scan.samples.withUnsafeMutableBufferPointer { samples in
      let samples = SharedBuffer(samples)
      Parallelism.forEach(rows) { row in
        var generator = SeededGenerator(seed: seed, stream: UInt64(replica * rows + row))
        for position in 0..<positions where masks[row / channels][position] {
          let start = (row * positions + position) * length
          for column in range {
            samples[start + column] += Complex(
              Float(deviation * generator.normal()), Float(deviation * generator.normal()))
          }
        }
      }
    }
    return scan
  }
}
