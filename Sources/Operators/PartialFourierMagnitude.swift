import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// A reconstruction that completes the magnitudes of partial Fourier scans by projections onto convex sets (POCS).
///
/// Where one side of k-space was not sampled, an object of smooth phase is told by the other side. For each channel and echo,
/// with the phase of the part that was sampled on both sides, tapered by half a cosine:
///
/// ```
/// image <- |image| exp(i phase),  then its k-space, the sampled part replaced by what was measured
/// ```
///
/// The phase of the result is that of the zero-filled image: a phase that is taken for smooth is no measurement of a field.
/// Magnitudes become as sharp as those of a full scan, phases do not.
///
/// Haacke et al., J Magn Reson 1991;92:126, doi:10.1016/0022-2364(91)90253-P.
public struct PartialFourierMagnitude: Reconstruction {
  /// What makes the images.
  public let base: any Reconstruction
  /// How often images are projected.
  public let iterations: Int

  /// Completes the images of a reconstruction, of any method, before they are weighted, cropped and combined.
  ///
  /// - Precondition: There is at least one iteration.
  public init(_ base: any Reconstruction, iterations: Int = 12) {
    precondition(iterations > 0, "POCS of \(iterations) iterations")
    self.base = base
    self.iterations = iterations
  }

  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: What the base throws.
  public func callAsFunction(_ scan: KSpace) throws -> ChannelImages {
    completed(try base(scan), scan.masks, scan.readoutRange)
  }

  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: What the base throws.
  public func callAsFunction(_ scan: CompactKSpace) throws -> ChannelImages {
    completed(try base(scan), scan.masks, scan.readoutRange)
  }

  /// Those of the base.
  public func needs(for size: ScanSize) -> MethodNeeds { base.needs(for: size) }

  private func completed(
    _ images: ChannelImages, _ masks: [SamplingMask], _ readout: Range<Int>
  ) -> ChannelImages {
    let boxes = masks.map {
      SampledBox($0, readout: readout, readoutLength: images.geometry.matrix.x)
    }
    guard boxes.contains(where: \.isPartial) else {
      return images.reporting([
        Diagnostic(
          "partial Fourier", "no side of k-space was cut short, so `partialFourier: pocs` completes nothing.")
      ])
    }
    let transform = FourierTransform(shape: images.geometry.matrix.shape)
    let iterations = iterations
    return ChannelImages(
      channels: images.channels, parameters: images.parameters, geometry: images.geometry,
      noise: images.noise == .shared ? .shared : .unknown,
      assumptions: images.assumptions + [
        "Magnitudes were completed by POCS beyond the sampled part of k-space, as if the phase were smooth; phases are those of zero-filled images, as smooth as that part makes them."
      ], diagnostics: images.diagnostics, preparing: { try images.prepare($0) },
      // Named, as a closure alone would be taken for one that computes k-space.
      image: { channel in
        var volumes = try images.channel(channel)
        for (echo, box) in boxes.enumerated() where box.isPartial {
          var volume = volumes.part(at: echo)
          box.complete(&volume, transform, iterations: iterations)
          volumes.setPart(at: echo, to: volume)
        }
        return volumes
      })
  }
}

/// The part of k-space between the outermost samples.
private struct SampledBox {
  /// The ranges along `kz`, `ky`, `kx`.
  let ranges: [Range<Int>]
  /// Whether one side of an axis was cut short.
  let isPartial: Bool
  private let extents: [Int]

  init(_ mask: SamplingMask, readout: Range<Int>, readoutLength: Int) {
    let lines = (0..<mask.lines).filter { line in
      (0..<mask.partitions).contains { mask[line: line, partition: $0] }
    }
    let partitions = (0..<mask.partitions).filter { partition in
      (0..<mask.lines).contains { mask[line: $0, partition: partition] }
    }
    let sampled = [partitions, lines, Array(readout)]
    extents = [mask.partitions, mask.lines, readoutLength]
    ranges = zip(sampled, extents).map { sampled, extent in
      sampled.first.map { $0..<sampled[sampled.count - 1] + 1 } ?? 0..<extent
    }
    isPartial = zip(sampled, extents).contains { SamplingMask.partialFourierRange($0, of: $1) != nil }
  }

  /// The sampled part of each axis, and how far it reaches to both sides of the centre.
  private var axes: [(sampled: Range<Int>, symmetric: Int)] {
    zip(ranges, extents).map { range, extent in
      // Even axes begin one sample further from the centre than they end.
      let before = extent / 2 - range.lowerBound, after = range.upperBound - 1 - extent / 2
      return (range, max(1, min(before, after)))
    }
  }

  /// Completes the magnitude of one volume, axes `[z, y, x]`.
  func complete(_ image: inout NDArray<Complex<Float>>, _ transform: FourierTransform, iterations: Int) {
    let shape = image.shape, axes = axes
    var measured = image
    transform.forward(&measured)
    let full = zip(axes, shape).map { axis, extent in
      (0..<extent).map { axis.sampled.contains($0) ? Float(1) : 0 }
    }
    measured.multiply(full)
    let tapers = zip(axes, shape).map { axis, extent in
      axis.sampled.count >= extent - 1
        ? Array(repeating: Float(1), count: extent)
        : (0..<extent).map { index -> Float in
          let distance = Double(abs(index - extent / 2)) / Double(axis.symmetric + 1)
          return distance < 1 ? Float(0.5 + 0.5 * Double.cos(.pi * distance)) : 0
        }
    }
    var smooth = measured
    smooth.multiply(tapers)
    transform.inverse(&smooth)
    var current = measured
    transform.inverse(&current)
    let zeroFilled = current
    for _ in 0..<iterations {
      current.setPhase(of: smooth)
      transform.forward(&current)
      current.replace(where: full, by: measured)
      transform.inverse(&current)
    }
    current.setPhase(of: zeroFilled)
    image = current
  }
}

extension NDArray<Complex<Float>> {
  /// Multiplies a volume `[z, y, x]` by a product of factors along its axes.
  fileprivate mutating func multiply(_ factors: [[Float]]) {
    let (z, y, x) = (factors[0], factors[1], factors[2])
    withUnsafeMutableBufferPointer { values in
      for row in 0..<values.count / x.count {
        let factor = y[row % y.count] * z[row / y.count], start = row * x.count
        for column in x.indices {
          values[start + column] = values[start + column].multiplied(by: factor * x[column])
        }
      }
    }
  }

  /// Takes the values of another volume where all factors are 1.
  fileprivate mutating func replace(where factors: [[Float]], by other: NDArray) {
    let (z, y, x) = (factors[0], factors[1], factors[2])
    withUnsafeMutableBufferPointer { values in
      other.withUnsafeBufferPointer { other in
        for row in 0..<values.count / x.count where y[row % y.count] * z[row / y.count] == 1 {
          let start = row * x.count
          for column in x.indices where x[column] == 1 { values[start + column] = other[start + column] }
        }
      }
    }
  }

  /// Keeps magnitudes and takes the phases of another volume.
  fileprivate mutating func setPhase(of other: NDArray) {
    withUnsafeMutableBufferPointer { values in
      other.withUnsafeBufferPointer { other in
        for index in values.indices {
          let length = other[index].lengthSquared.squareRoot()
          let magnitude = values[index].lengthSquared.squareRoot()
          values[index] =
            length > 0 ? other[index].multiplied(by: magnitude / length) : Complex(magnitude, 0)
        }
      }
    }
  }
}
