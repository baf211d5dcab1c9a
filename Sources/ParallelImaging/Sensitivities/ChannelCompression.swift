import LinearAlgebra
import NDArrays
import Numerics

/// The few combinations of channels that hold the signal of calibration data, strongest last.
///
/// ```
/// y'[k] = sum_c conj(v_k[c]) y[c]       v_k: eigenvectors of sum y y^H
/// s[c] = sum_k v_k[c] s'[k]
/// ```
///
/// - SeeAlso: M. Buehrer et al., "Array compression for MRI with large coil arrays", Magn. Reson. Med. 57(6):1131-1139,
///   2007, doi:10.1002/mrm.21237.
struct ChannelCompression: Sendable {
  /// The combinations, axes `[virtual channel, channel]`, orthonormal.
  let combinations: NDArray<Complex<Float>>

  var virtualChannels: Int { combinations.shape[0] }
  var channels: Int { combinations.shape[1] }

  /// Finds the combinations whose energy is at least a share of the strongest one's, the strongest if they are too many.
  ///
  /// - Throws: ``ParallelImagingError/calibrationNotFinite``, ``ParallelImagingError/calibrationWithoutSignal``.
  init(_ block: CalibrationBlock, smallestShare: Float, atMost most: Int = .max) throws(ParallelImagingError)
  {
    let channels = block.samples.shape[0], count = block.samples.count / channels
    var gram = NDArray<Complex<Float>>(repeating: .zero, shape: [channels, channels])
    block.samples.withUnsafeBufferPointer { samples in
      // Rows of all channels, some hundreds at a time; conj(y_r) y_c summed.
      let length = min(count, 512)
      withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: length * channels) { rows in
        rows.initialize(repeating: .zero)
        for start in stride(from: 0, to: count, by: length) {
          let end = min(start + length, count)
          for channel in 0..<channels {
            for index in start..<end {
              rows[(index - start) * channels + channel] = samples[channel * count + index].conjugate
            }
          }
          addGramMatrix(of: UnsafeBufferPointer(rebasing: rows[..<((end - start) * channels)]), to: &gram)
        }
      }
    }
    let system: HermitianEigensystem
    do { system = try HermitianEigensystem(of: gram) } catch { throw .calibrationNotFinite }
    guard let largest = system.values.last, largest > 0 else { throw .calibrationWithoutSignal }
    let first = max(
      system.values.firstIndex { $0 >= smallestShare * largest } ?? 0, channels - min(most, channels))
    var vectors = NDArray<Complex<Float>>(
      system.vectors.elements.dropFirst(first * channels), shape: [channels - first, channels])
    // A silent channel has no part in any combination, not even by rounding.
    for channel in 0..<channels where gram[channel, channel].real == 0 {
      for row in 0..<channels - first { vectors[row, channel] = .zero }
    }
    combinations = vectors
  }

  /// The calibration data of the combinations.
  func compressed(_ block: CalibrationBlock) -> CalibrationBlock {
    let shape = block.samples.shape, count = block.samples.count / channels
    return CalibrationBlock(
      whole: NDArray(uninitializedShape: [virtualChannels] + shape.dropFirst()) { target in
        target.initialize(repeating: .zero)
        combinations.map(\.conjugate).withUnsafeBufferPointer { combinations in
          block.samples.withUnsafeBufferPointer { samples in
            multiply(
              combinations, samples, into: target, rows: virtualChannels, columns: count, inner: channels)
          }
        }
      }, region: block.region, readoutRange: block.readoutRange)
  }

  /// The sensitivities of all channels from those of the combinations.
  @inline(__always)
  func expand(
    _ real: UnsafePointer<Lanes>, _ imaginary: UnsafePointer<Lanes>,
    to expandedReal: UnsafeMutablePointer<Lanes>,
    _ expandedImaginary: UnsafeMutablePointer<Lanes>
  ) {
    let channels = channels
    combinations.withUnsafeBufferPointer { combinations in
      for channel in 0..<channels {
        var re = Lanes.zero, im = Lanes.zero
        for row in 0..<virtualChannels {
          let v = combinations[row * channels + channel], a = real[row], b = imaginary[row]
          re += v.real * a - v.imaginary * b
          im += v.real * b + v.imaginary * a
        }
        expandedReal[channel] = re
        expandedImaginary[channel] = im
      }
    }
  }
}
