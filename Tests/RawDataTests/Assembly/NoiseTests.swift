import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import RawData

struct NoiseTests {
  /// Noise scans of 3 correlated channels.
  private func noisyScan(readouts count: Int = 4, samples: Int = 50) -> MemorySource {
    var source = readouts(of: testPattern([1, 3, 1, 4, 6]))
    for index in 0..<count {
      var noise = testPattern([3, samples], seed: UInt64(20 + index))
      for sample in 0..<samples {
        noise[1, sample] = noise[1, sample] * Complex(2, 0) + noise[0, sample] * Complex(0, 1)
        noise[2, sample] = noise[2, sample] * Complex(0.5, 0) - noise[1, sample] * Complex(0.3, 0.1)
      }
      source.append(noise.elements, channels: 3, flags: .isNoise)
    }
    return source
  }

  @Test("Whitening gives the noise scan itself the identity as covariance")
  func identity() throws {
    let source = noisyScan()
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    let covariance = try #require(try NoiseCovariance(source, layout: layout))
    #expect(covariance.sampleCount == 200)
    let whitening = try covariance.whitening()
    var sums = NDArray<Complex<Double>>(repeating: .zero, shape: [3, 3])
    for (index, readout) in source.acquisitions.enumerated() where readout.flags == .isNoise {
      for sample in 0..<50 {
        let whitened = (0..<3).map { row in
          (0..<3).reduce(Complex<Double>.zero) { sum, column in
            let weight = whitening[row, column], value = source.samples[index][column * 50 + sample]
            return sum + Complex(Double(weight.real), Double(weight.imaginary))
              * Complex(Double(value.real), Double(value.imaginary))
          }
        }
        for row in 0..<3 {
          for column in 0..<3 { sums[row, column] += whitened[row] * whitened[column].conjugate }
        }
      }
    }
    // Real and imaginary part each have variance 1.
    for row in 0..<3 {
      for column in 0..<3 {
        let value = sums[row, column] / 200
        #expect((value - Complex(row == column ? 2 : 0, 0)).length < 1e-5)
      }
    }
  }

  @Test("Reading applies the whitening matrix to every sample")
  func application() throws {
    let source = noisyScan()
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    let whitening = try #require(try NoiseCovariance(source, layout: layout)).whitening()
    let plain = try KSpace(source, options: ReadingOptions(prewhitens: false))
    let scan = try KSpace(source)
    var expected = plain.samples
    for line in 0..<4 {
      for x in 0..<6 {
        for row in 0..<3 {
          expected[0, row, 0, line, x] = (0..<3).reduce(.zero) {
            $0 + whitening[row, $1] * plain.samples[0, $1, 0, line, x]
          }
        }
      }
    }
    #expect(relativeError(scan.samples, expected) < 1e-6)
    #expect(scan.noise == .whitened(standardDeviation: 1))
    #expect(plain.noise == .unknown)
  }

  @Test("Dwell time and receiver bandwidth scale the covariance")
  func bandwidth() throws {
    var source = noisyScan()
    let reference = try KSpace(source)
    for index in source.acquisitions.indices where source.acquisitions[index].flags == .isNoise {
      source.acquisitions[index].sampleTime = 40
    }
    source.header.relativeNoiseBandwidth = 0.25
    // Four times the dwell time and a quarter of the bandwidth: 16 times the noise power in the image lines.
    let scan = try KSpace(source)
    #expect(relativeError(scan.samples, reference.samples.map { $0 * Complex(0.25, 0) }) < 1e-6)
  }

  @Test("Too few noise samples, a silent channel or other channels leave the data as they are")
  func unusable() throws {
    let plain = try KSpace(readouts(of: testPattern([1, 3, 1, 4, 6]))).samples
    var silent = noisyScan()
    for index in silent.acquisitions.indices where silent.acquisitions[index].flags == .isNoise {
      for sample in 0..<50 { silent.samples[index][sample] = .zero }
    }
    var other = noisyScan(readouts: 0)
    other.append(testPattern([2, 100]).elements, channels: 2, flags: .isNoise)
    for (source, word) in [
      (silent, "does not whiten"), (noisyScan(readouts: 1, samples: 11), "too few"), (other, "2 channels"),
    ] {
      let scan = try KSpace(source)
      #expect(scan.samples == plain)
      #expect(scan.noise == .unknown)
      #expect(scan.assumptions.contains { $0.contains(word) }, "\(scan.assumptions)")
    }
  }
}
