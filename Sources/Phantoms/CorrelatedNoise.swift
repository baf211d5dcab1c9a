import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// Complex Gaussian noise with a given covariance between channels, white along every other axis.
struct CorrelatedNoise: Sendable {
  /// What random numbers are drawn for; each stands for its own range of streams of a seed.
  enum Stream: UInt64 {
    case receivers = 0x1_0000_0000
    case noiseScan = 0x2_0000_0000
    case images = 0x3_0000_0000
    case navigators = 0x4_0000_0000
  }

  private let channels: Int
  /// The lower triangular factor `L` of half the covariance, `L L^H`, row by row.
  private let factor: [Complex<Float>]
  private let seed: UInt64

  /// Creates noise.
  ///
  /// - Parameters:
  ///   - array: The channels and how their noise goes together.
  ///   - standardDeviation: That of the real part, root mean square over channels.
  ///   - seed: What the noise follows from.
  init(_ array: ReceiveArray, standardDeviation: Double, seed: UInt64) {
    channels = array.loops.count
    self.seed = seed
    guard let factor = try? choleskyFactor(of: array.noiseCovariance) else {
      preconditionFailure("the covariance of a receive array is positive definite by construction")
    }
    self.factor = factor.elements.map {
      Complex(Float(standardDeviation * $0.real), Float(standardDeviation * $0.imaginary))
    }
  }

  /// Adds noise to all channels of a block of samples.
  ///
  /// - Parameters:
  ///   - stream: What the noise is for.
  ///   - unit: The number of the block; equal numbers give equal noise.
  ///   - count: The number of samples per channel.
  ///   - stride: The distance of a sample's channels in the buffer.
  ///   - samples: The first channel's samples, with the others' behind them.
  func add(
    _ stream: Stream, unit: Int, count: Int, stride: Int, to samples: UnsafeMutablePointer<Complex<Float>>
  ) {
    var generator = SeededGenerator(seed: seed, stream: stream.rawValue + UInt64(unit))
    var white = [Complex<Float>](repeating: .zero, count: channels)
    factor.withUnsafeBufferPointer { factor in
      for sample in 0..<count {
        for channel in 0..<channels {
          white[channel] = Complex(Float(generator.normal()), Float(generator.normal()))
        }
        for channel in 0..<channels {
          var sum = Complex<Float>.zero
          for source in 0...channel { sum += factor[channel * channels + source] * white[source] }
          samples[channel * stride + sample] += sum
        }
      }
    }
  }
}
