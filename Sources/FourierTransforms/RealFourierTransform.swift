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
/// ``filter(_:workspace:by:)`` does the whole way there and back with three passes through memory. Where planes are
/// computed on the way in, or used on the way out, they never need to lie in memory as a volume: see
/// ``forwardPlanes(into:inRunsOf:making:)``, ``filterColumns(of:by:)`` and ``inversePlanes(of:taking:)``.
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
  /// The number of voxels of a plane.
  private var planeCount: Int { shape[1] * shape[2] }

  /// Plans a transform.
  ///
  /// - Parameters:
  ///   - shape: The extents of a volume, `[z, y, x]`.
  ///   - planning: How long to look for the fastest way along `z` and `y`; along `x`, the first is as good as any.
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
    forwardPlanes(of: volume, into: &spectrum)
    spectrum.withUnsafeMutableBufferPointer {
      passColumns([SharedBuffer($0)], toImage: false) { _, _, _, _ in }
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
    spectrum.withUnsafeMutableBufferPointer {
      passColumns([SharedBuffer($0)], fromImage: false) { _, _, _, _ in }
    }
    var volume = NDArray<Float>(repeating: 0, shape: shape)
    inversePlanes(of: &spectrum, into: &volume)
    return volume
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
    forwardPlanes(of: volume, into: &workspace)
    filterColumns(of: &workspace, by: kernel)
    inversePlanes(of: &workspace, into: &volume)
  }
}

// MARK: - Pass by pass

extension RealFourierTransform {
  /// The first pass: transforms a volume along its two inner axes, plane by plane.
  public func forwardPlanes(of volume: NDArray<Float>, into workspace: inout NDArray<Complex<Float>>) {
    precondition(
      volume.shape == shape && workspace.shape == spectrumShape,
      "arrays of shape \(volume.shape) and \(workspace.shape) do not fit a transform of shape \(shape)")
    volume.withUnsafeBufferPointer { volume in
      workspace.withUnsafeMutableBufferPointer { workspace in
        let (volume, workspace) = (SharedConstants(volume), SharedBuffer(workspace))
        Parallelism.forEach(shape[0]) { z in
          guard let source = volume.elements.baseAddress, let target = workspace.elements.baseAddress else {
            return
          }
          planes.forward(source + z * planeCount, into: target + z * width)
        }
      }
    }
  }

  /// The first pass, over planes that are made on the way.
  ///
  /// - Parameters:
  ///   - workspace: Memory for the spectrum.
  ///   - run: How many neighbouring planes one call makes.
  ///   - make: Makes the planes of a run, each in the memory that it is given, `[y, x]`, of which it says `z` when it is done.
  ///     Runs are made on all threads, the planes of one in the order that `make` chooses.
  public func forwardPlanes(
    into workspace: inout NDArray<Complex<Float>>, inRunsOf run: Int,
    making make:
      @Sendable (_ run: Range<Int>, _ plane: UnsafeMutablePointer<Float>, _ done: (_ z: Int) -> Void) -> Void
  ) {
    precondition(workspace.shape == spectrumShape, "a workspace of shape \(workspace.shape)")
    workspace.withUnsafeMutableBufferPointer { workspace in
      let workspace = SharedBuffer(workspace)
      Parallelism.forEachBlock(of: shape[0], length: run) { run in
        withPlane { plane in
          guard let target = workspace.elements.baseAddress else { return }
          make(run, plane) { z in planes.forward(plane, into: target + z * width) }
        }
      }
    }
  }

  /// The second pass: transforms along the first axis, multiplies with a kernel, and transforms back.
  ///
  /// - Precondition: The kernel has the extents of ``spectrumShape``.
  public func filterColumns(of workspace: inout NDArray<Complex<Float>>, by kernel: NDArray<Float>) {
    precondition(
      kernel.shape == spectrumShape, "a kernel of shape \(kernel.shape) is not one of \(spectrumShape)")
    kernel.withUnsafeBufferPointer { kernel in
      let kernel = SharedConstants(kernel)
      workspace.withUnsafeMutableBufferPointer { workspace in
        passColumns([SharedBuffer(workspace)]) { spectra, position, offset, count in
          let row = spectra[0] + position
          for index in 0..<count {
            let (sample, factor) = (row[index], kernel[offset + index])
            row[index] = Complex(sample.real * factor, sample.imaginary * factor)
          }
        }
      }
    }
  }

  /// The second pass over two volumes, whose spectra a closure changes.
  ///
  /// - Parameters:
  ///   - workspaces: What the first pass made of both.
  ///   - mix: Changes a run of elements of both spectra, given the offset of its first element and its length.
  public func filterColumns(
    of workspaces: inout (NDArray<Complex<Float>>, NDArray<Complex<Float>>),
    by mix:
      @Sendable (
        _ offset: Int, _ count: Int, _ first: UnsafeMutablePointer<Complex<Float>>,
        _ second: UnsafeMutablePointer<Complex<Float>>
      ) -> Void
  ) {
    workspaces.0.withUnsafeMutableBufferPointer { one in
      workspaces.1.withUnsafeMutableBufferPointer { other in
        passColumns([SharedBuffer(one), SharedBuffer(other)]) { spectra, position, offset, count in
          mix(offset, count, spectra[0] + position, spectra[1] + position)
        }
      }
    }
  }

  /// The last pass: transforms back along the two inner axes, and lets a closure use the planes.
  ///
  /// - Parameters:
  ///   - workspace: What the second pass left; nothing of use is in it afterwards.
  ///   - take: Uses a plane, `[y, x]`, on any thread.
  public func inversePlanes(
    of workspace: inout NDArray<Complex<Float>>,
    taking take: @Sendable (_ z: Int, _ plane: UnsafePointer<Float>) -> Void
  ) {
    workspace.withUnsafeMutableBufferPointer { workspace in
      let workspace = SharedBuffer(workspace)
      Parallelism.forEachBlock(of: shape[0], length: 4) { run in
        withPlane { plane in
          guard let source = workspace.elements.baseAddress else { return }
          for z in run {
            planes.inverse(source + z * width, into: plane)
            take(z, plane)
          }
        }
      }
    }
  }

  /// The last pass, into a volume.
  public func inversePlanes(of workspace: inout NDArray<Complex<Float>>, into volume: inout NDArray<Float>) {
    precondition(
      volume.shape == shape && workspace.shape == spectrumShape,
      "arrays of shape \(volume.shape) and \(workspace.shape) do not fit a transform of shape \(shape)")
    volume.withUnsafeMutableBufferPointer { volume in
      workspace.withUnsafeMutableBufferPointer { workspace in
        let (volume, workspace) = (SharedBuffer(volume), SharedBuffer(workspace))
        Parallelism.forEach(shape[0]) { z in
          guard let target = volume.elements.baseAddress, let source = workspace.elements.baseAddress else {
            return
          }
          planes.inverse(source + z * width, into: target + z * planeCount)
        }
      }
    }
  }

  /// Lends the memory of a plane.
  private func withPlane(_ body: (UnsafeMutablePointer<Float>) -> Void) {
    withUnsafeTemporaryAllocation(
      byteCount: planeCount * MemoryLayout<Float>.stride, alignment: Plan.alignment
    ) { memory in
      let plane = memory.bindMemory(to: Float.self)
      plane.initialize(repeating: 0)
      plane.baseAddress.map(body)
    }
  }

  /// Transforms along the first axis, lets a closure change the result, and transforms back, with the factor of the
  /// inverse transform of all axes.
  ///
  /// The closure gets compact copies of bundles of columns, the position of a row in them, the offset of the row's
  /// first element in the spectrum, and the number of elements.
  private func passColumns(
    _ spectra: [SharedBuffer<Complex<Float>>], fromImage: Bool = true, toImage: Bool = true,
    _ change: @Sendable (_ copies: [UnsafeMutablePointer<Complex<Float>>], Int, Int, Int) -> Void
  ) {
    let (length, bundle, width) = (shape[0], self.bundle, self.width)
    // Every copy starts on a cache line.
    let stride = (length * bundle + 7) / 8 * 8
    let scale = toImage ? 1 / Float(length * planeCount) : 1
    Parallelism.forEachBlock(of: (width + bundle - 1) / bundle, length: 8) { bundles in
      withUnsafeTemporaryAllocation(
        byteCount: spectra.count * stride * MemoryLayout<Complex<Float>>.stride, alignment: Plan.alignment
      ) { memory in
        let memory = memory.bindMemory(to: Complex<Float>.self)
        // The last bundle may have fewer columns than the copy.
        memory.initialize(repeating: .zero)
        guard let base = memory.baseAddress else { return }
        let copies = spectra.indices.map { base + $0 * stride }
        for start in bundles.lazy.map({ $0 * bundle }) {
          let count = min(bundle, width - start)
          for (spectrum, copy) in zip(spectra, copies) {
            guard let source = spectrum.elements.baseAddress else { continue }
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
              let (from, to) = (copy + z * bundle, target + z * width + start)
              for index in 0..<count {
                to[index] = Complex(from[index].real * scale, from[index].imaginary * scale)
              }
            }
          }
        }
      }
    }
  }
}
