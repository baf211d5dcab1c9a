import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// What brings a network's image back to the measured samples.
///
/// ```
/// s = F x                                            F the transform over (z, y), one plane per x
/// s'[k] = s0[k]                                      acquired k, noiseless
/// s'[k] = (s[k] + lambda s0[k]) / (1 + lambda)       acquired k, weighted
/// s'[k] = s[k]                                       all others
/// x' = F^H s'
/// ```
///
/// What was acquired is told by the mask; a sample that is zero may have been measured.
///
/// - SeeAlso: J. Schlemper et al., "A deep cascade of convolutional neural networks for dynamic MR image
///   reconstruction", IEEE Trans. Med. Imaging 37(2):491-503, 2018, doi:10.1109/TMI.2017.2760978.
public enum DataConsistency: CascadeConsistency {
  /// Measured samples replace the network's.
  case noiseless
  /// Measured samples count `lambda` times as much as the network's.
  case weighted(Float)

  /// The image that agrees with the samples.
  ///
  /// - Parameters:
  ///   - image: The network's image, axes `[z, y, x]`.
  ///   - samples: The measured samples with the readout transformed, axes `[kz, ky, x]`.
  ///   - mask: The positions that were acquired.
  /// - Precondition: The three have the same extents.
  public func callAsFunction(
    _ image: NDArray<Complex<Float>>, samples: NDArray<Complex<Float>>, mask: SamplingMask
  ) -> NDArray<Complex<Float>> {
    precondition(
      image.shape == samples.shape && mask.isAcquired.shape == Array(image.shape.prefix(2)),
      "image \(image.shape), samples \(samples.shape) and mask \(mask.isAcquired.shape) differ in extent")
    var result = image
    let planes = PlaneBundles(shape: image.shape)
    result.withUnsafeMutableBufferPointer { image in
      samples.withUnsafeBufferPointer { samples in
        let image = SharedBuffer(image), samples = SharedConstants(samples),
          acquired = mask.isAcquired.elements
        Parallelism.forEach(planes.count) { apply($0, of: planes, image, samples, acquired) }
      }
    }
    return result
  }

  /// Does it for one bundle of planes in place.
  func apply(
    _ bundle: Int, of planes: PlaneBundles, _ image: SharedBuffer<Complex<Float>>,
    _ samples: SharedConstants<Complex<Float>>, _ isAcquired: [Bool]
  ) {
    planes.withBundle(bundle, of: image) { values, width, range in
      planes.transform.forward(values)
      for position in isAcquired.indices where isAcquired[position] {
        let measured = samples[
          position * planes.length + range.lowerBound..<position * planes.length + range.upperBound]
        let row = UnsafeMutableBufferPointer(
          rebasing: values[position * width..<position * width + range.count])
        switch self {
        case .noiseless: _ = row.update(fromContentsOf: measured)
        case .weighted(let lambda):
          // Infinite weights leave the measured samples.
          let share = Complex(lambda.isInfinite ? 1 : lambda / (1 + lambda), 0)
          for index in row.indices { row[index] += share * (measured[index] - row[index]) }
        }
      }
      planes.transform.inverse(values)
    }
  }
}

extension DataConsistency {
  /// The network whose blocks end with it.
  public static var network: String { "ReconNet3D" }
  /// The file with that network's weights.
  public static var bundledFile: String { "reconnet3d.safetensors" }
  /// How many numbers a tensor holds.
  public static var count: Int { 1 }
  /// What a network without such tensors has.
  public static var withoutNumbers: DataConsistency? { .noiseless }

  /// What is wrong with the numbers of a tensor.
  public static func fault(of numbers: [Float]) -> String? {
    numbers[0] >= 0 ? nil : "holds \(numbers[0]) where the data's weight may not be negative"
  }

  /// Creates it of the numbers of a tensor.
  public init(numbers: [Float]) { self = .weighted(numbers[0]) }

  /// Its numbers.
  public var numbers: [Float] {
    switch self {
    case .noiseless: [-1]
    case .weighted(let weight): [weight]
    }
  }
}
