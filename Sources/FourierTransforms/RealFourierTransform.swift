import NDArrays
import Numerics

/// The Fourier transform of real volumes, uncentred, for convolutions and for kernels that are known as factors.
///
/// ```
/// forward   y[k] =     sum_r x[r] exp(-2 pi i k r / n)     kx = 0 ... nx / 2, the other half is its conjugate
/// inverse   x[r] = 1/N sum_k y[k] exp(+2 pi i k r / n)
/// ```
///
/// Half of the memory and of the time of the transform of a complex volume. The origin is voxel 0, and frequencies
/// run as in `numpy.fft.rfftn`: `0, 1, ..., -2, -1` along `z` and `y`.
///
/// A volume is transformed plane by plane, then along the first axis in bundles of columns, each in cache. A
/// ``filter(_:workspace:by:)`` does the whole way there and back with three passes through memory.
public final class RealFourierTransform: Sendable {
  /// The extents of a volume, `[z, y, x]`.
  public let shape: [Int]
  /// The extents of its spectrum, `[kz, ky, kx]`.
  public let spectrumShape: [Int]

  private let planes: RealPlanes
  private let forwardColumns: Plan
  private let inverseColumns: Plan
  private let bundle: Int

  /// The number of elements of a spectrum's plane.
  private var width: Int { spectrumShape[1] * spectrumShape[2] }

  /// Plans a transform.
  ///
  /// - Precondition: There are three extents, all positive.
  public init(shape: [Int], planning: Planning = .estimate) {
    precondition(
      shape.count == 3 && shape.allSatisfy { $0 > 0 }, "extents \(shape) are not those of a volume")
    self.shape = shape
    spectrumShape = [shape[0], shape[1], shape[2] / 2 + 1]
    planes = RealPlanes(rows: shape[1], length: shape[2], planning: planning)
    let length = shape[0]
    // Two volumes may share the cache; whole cache lines of 8 elements.
    bundle = min(spectrumShape[1] * spectrumShape[2], max(16, 4096 / length / 16 * 16))
    let transformed = Plan.Axis(extent: length, stride: bundle)
    let repeated = Plan.Axis(extent: bundle, stride: 1)
    forwardColumns = Plan(
      transforming: transformed, repeating: repeated, direction: .forward, planning: planning)
    inverseColumns = Plan(
      transforming: transformed, repeating: repeated, direction: .inverse, planning: planning)
  }

  /// The spectrum of a volume.
  ///
  /// - Precondition: The volume has the extents of ``shape``.
  public func forward(_ volume: NDArray<Float>) -> NDArray<Complex<Float>> {
    var spectrum = makeWorkspace()
    spectrum.withUnsafeMutableBufferPointer { spectrum in
      volume.withUnsafeBufferPointer { planesForward($0, into: spectrum) }
      passColumns([SharedBuffer(spectrum)], toImage: false) { _, _, _, _ in }
    }
    return spectrum
  }

  /// The volume of a spectrum.
  ///
  /// - Precondition: The spectrum has the extents of ``spectrumShape``.
  public func inverse(_ spectrum: NDArray<Complex<Float>>) -> NDArray<Float> {
    precondition(
      spectrum.shape == spectrumShape, "a spectrum of shape \(spectrum.shape) is not one of \(spectrumShape)")
    var spectrum = spectrum
    return NDArray(uninitializedShape: shape) { volume in
      spectrum.withUnsafeMutableBufferPointer { spectrum in
        passColumns([SharedBuffer(spectrum)], fromImage: false) { _, _, _, _ in }
        planesInverse(UnsafeBufferPointer(spectrum), into: volume)
      }
    }
  }

  /// Memory for a spectrum, to be used again in loops.
  public func makeWorkspace() -> NDArray<Complex<Float>> {
    NDArray(uninitializedShape: spectrumShape) { $0.initialize(repeating: .zero) }
  }

  /// Replaces a volume by its convolution with a kernel whose spectrum is real: `x <- F^-1 (kernel F x)`.
  ///
  /// - Parameters:
  ///   - volume: The volume.
  ///   - workspace: Memory for its spectrum.
  ///   - kernel: The factors, of the extents of ``spectrumShape``.
  public func filter(
    _ volume: inout NDArray<Float>, workspace: inout NDArray<Complex<Float>>, by kernel: NDArray<Float>
  ) {
    precondition(
      kernel.shape == spectrumShape, "a kernel of shape \(kernel.shape) is not one of \(spectrumShape)")
    kernel.withUnsafeBufferPointer { kernel in
      let kernel = SharedConstants(kernel)
      volume.withUnsafeMutableBufferPointer { volume in
        workspace.withUnsafeMutableBufferPointer { workspace in
          planesForward(UnsafeBufferPointer(volume), into: workspace)
          passColumns([SharedBuffer(workspace)]) { spectra, position, offset, count in
            let row = spectra[0] + position
            for index in 0..<count {
              let (sample, factor) = (row[index], kernel[offset + index])
              row[index] = Complex(sample.real * factor, sample.imaginary * factor)
            }
          }
          planesInverse(UnsafeBufferPointer(workspace), into: volume)
        }
      }
    }
  }

  /// Replaces two volumes by what a closure makes of their spectra.
  ///
  /// - Parameters:
  ///   - first: A volume.
  ///   - second: Another.
  ///   - workspaces: Memory for the spectra.
  ///   - mix: Changes a run of elements of both spectra, given the offset of its first element and its length.
  public func filter(
    _ first: inout NDArray<Float>, _ second: inout NDArray<Float>,
    workspaces: inout (NDArray<Complex<Float>>, NDArray<Complex<Float>>),
    by mix:
      @Sendable (
        _ offset: Int, _ count: Int, _ first: UnsafeMutablePointer<Complex<Float>>,
        _ second: UnsafeMutablePointer<Complex<Float>>
      ) -> Void
  ) {
    first.withUnsafeMutableBufferPointer { first in
      second.withUnsafeMutableBufferPointer { second in
        workspaces.0.withUnsafeMutableBufferPointer { one in
          workspaces.1.withUnsafeMutableBufferPointer { other in
            planesForward(UnsafeBufferPointer(first), into: one)
            planesForward(UnsafeBufferPointer(second), into: other)
            passColumns([SharedBuffer(one), SharedBuffer(other)]) { spectra, position, offset, count in
              mix(offset, count, spectra[0] + position, spectra[1] + position)
            }
            planesInverse(UnsafeBufferPointer(one), into: first)
            planesInverse(UnsafeBufferPointer(other), into: second)
          }
        }
      }
    }
  }
}

extension RealFourierTransform {
  func planesForward(
    _ volume: UnsafeBufferPointer<Float>, into spectrum: UnsafeMutableBufferPointer<Complex<Float>>
  ) {
    precondition(
      volume.count == shape.reduce(1, *) && spectrum.count == shape[0] * width,
      "\(volume.count) voxels and \(spectrum.count) frequencies do not fit a transform of shape \(shape)")
    let (volume, spectrum) = (SharedConstants(volume), SharedBuffer(spectrum))
    let plane = shape[1] * shape[2]
    Parallelism.forEach(shape[0]) { z in
      planes.forward(
        volume[z * plane..<(z + 1) * plane], into: spectrum[z * width..<(z + 1) * width])
    }
  }

  func planesInverse(
    _ spectrum: UnsafeBufferPointer<Complex<Float>>, into volume: UnsafeMutableBufferPointer<Float>
  ) {
    let (volume, spectrum) = (SharedBuffer(volume), SharedConstants(spectrum))
    let plane = shape[1] * shape[2]
    let scale = 1 / Float(shape.reduce(1, *))
    Parallelism.forEach(shape[0]) { z in
      planes.inverse(
        spectrum[z * width..<(z + 1) * width], times: scale, into: volume[z * plane..<(z + 1) * plane])
    }
  }

  /// Transforms along the first axis, lets a closure change the result, and transforms back.
  ///
  /// The closure gets compact copies of bundles of columns, the position of a row in them, the offset of the row's
  /// first element in the spectrum, and the number of elements.
  func passColumns(
    _ spectra: [SharedBuffer<Complex<Float>>], fromImage: Bool = true, toImage: Bool = true,
    _ change: @Sendable (_ copies: [UnsafeMutablePointer<Complex<Float>>], Int, Int, Int) -> Void
  ) {
    let (length, bundle, width) = (shape[0], self.bundle, self.width)
    Parallelism.forEach((width + bundle - 1) / bundle) { index in
      let start = index * bundle
      let count = min(bundle, width - start)
      let size = length * bundle
      withUnsafeTemporaryAllocation(
        byteCount: spectra.count * size * MemoryLayout<Complex<Float>>.stride + spectra.count
          * Plan.alignment,
        alignment: Plan.alignment
      ) { memory in
        // Every copy starts on a cache line.
        let stride = (size + 7) / 8 * 8
        guard let base = memory.bindMemory(to: Complex<Float>.self).baseAddress else { return }
        let copies = spectra.indices.map { base + $0 * stride }
        for (spectrum, copy) in zip(spectra, copies) {
          guard let source = spectrum.elements.baseAddress else { continue }
          if count < bundle { copy.initialize(repeating: .zero, count: size) }
          for z in 0..<length {
            (copy + z * bundle).update(from: source + z * width + start, count: count)
          }
          if fromImage { forwardColumns.execute(copy) }
        }
        for z in 0..<length { change(copies, z * bundle, z * width + start, count) }
        for (spectrum, copy) in zip(spectra, copies) {
          guard let target = spectrum.elements.baseAddress else { continue }
          if toImage { inverseColumns.execute(copy) }
          for z in 0..<length {
            (target + z * width + start).update(from: copy + z * bundle, count: count)
          }
        }
      }
    }
  }
}
