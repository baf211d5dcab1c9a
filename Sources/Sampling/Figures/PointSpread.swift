import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// What a mask does to a point in the image: how high the aliases are, and how much they look like noise.
///
/// - SeeAlso: M. Lustig, D. Donoho, J. M. Pauly, "Sparse MRI: The application of compressed sensing for rapid MR
///   imaging", Magn. Reson. Med. 58(6):1182-1195, 2007, doi:10.1002/mrm.21391.
struct PointSpread {
  private let mask: SamplingMask
  private let transform: FourierTransform

  init(_ mask: SamplingMask) {
    self.mask = mask
    transform = FourierTransform(shape: mask.isAcquired.shape)
  }

  /// The largest value of the point-spread function away from its centre, relative to the centre.
  ///
  /// ```
  /// max over r != 0 of |h(r)| / |h(0)|,   h = F^H m
  /// ```
  ///
  /// Includes the skirt of the main lobe that a calibration box and an elliptical shutter bring.
  func peakSidelobe() -> Double {
    var spread = mask.isAcquired.map { Complex<Float>($0 ? 1 : 0, 0) }
    transform.inverse(&spread)
    let centre = mask.partitions / 2 * mask.lines + mask.lines / 2
    return spread.withUnsafeBufferPointer { Self.largest(in: $0, relativeTo: centre) }
  }

  /// The incoherence of the transform point-spread function with Haar wavelets of up to three levels.
  ///
  /// ```
  /// max over i, j != i of |T(i, j)| / |T(i, i)|,   T = W F^H M F W^H
  /// ```
  ///
  /// `i` runs over the middle wavelet of each level and orientation, `j` over all coefficients. `nil` if the mask
  /// holds nothing of one of the wavelets.
  func transformIncoherence() -> Double? {
    let wavelets = HaarTransform(z: mask.partitions, y: mask.lines, levels: 3)
    var largest = 0.0
    for index in wavelets.detailCentres {
      var plane = NDArray(repeating: Complex<Float>.zero, shape: mask.isAcquired.shape)
      plane.withUnsafeMutableBufferPointer { $0[index] = 1 }
      wavelets.synthesise(&plane)
      transform.forward(&plane)
      plane.withUnsafeMutableBufferPointer { samples in
        mask.isAcquired.withUnsafeBufferPointer { flags in
          for position in flags.indices where !flags[position] { samples[position] = .zero }
        }
      }
      transform.inverse(&plane)
      wavelets.analyse(&plane)
      let ratio = plane.withUnsafeBufferPointer { Self.largest(in: $0, relativeTo: index) }
      guard ratio.isFinite else { return nil }
      largest = max(largest, ratio)
    }
    return largest
  }

  private static func largest(
    in values: UnsafeBufferPointer<Complex<Float>>, relativeTo index: Int
  ) -> Double {
    var largest: Float = 0
    for position in values.indices where position != index {
      largest = max(largest, values[position].lengthSquared)
    }
    return Double(largest).squareRoot() / Double(values[index].lengthSquared).squareRoot()
  }
}
