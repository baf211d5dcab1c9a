import CFFTW
import NDArrays
import Numerics

/// The transform of the two inner axes of a real volume, one plane at a time.
struct RealPlanes: Sendable {
  private let along: RealRowPlan
  private let forwardColumns: Columns?
  private let inverseColumns: Columns?

  init(rows: Int, length: Int, planning: Planning) {
    along = RealRowPlan(rows: rows, length: length)
    func columns(_ direction: Direction) -> Columns? {
      rows > 1
        ? Columns(length: rows, width: length / 2 + 1, direction: direction, planning: planning) : nil
    }
    forwardColumns = columns(.forward)
    inverseColumns = columns(.inverse)
  }

  /// Transforms a plane.
  func forward(_ plane: UnsafePointer<Float>, into spectrum: UnsafeMutablePointer<Complex<Float>>) {
    along.forward(plane, into: spectrum)
    forwardColumns?.apply(to: spectrum)
  }

  /// Transforms back, unscaled, and uses the spectrum's memory on the way.
  func inverse(_ spectrum: UnsafeMutablePointer<Complex<Float>>, into plane: UnsafeMutablePointer<Float>) {
    inverseColumns?.apply(to: spectrum)
    along.inverse(spectrum, into: plane)
  }
}

/// FFTW's transform of the rows of a real plane.
final class RealRowPlan: @unchecked Sendable {
  // Unchecked: the plans are never changed after they were made, and executing them is thread-safe.
  private let toSpectrum: fftwf_plan
  private let toImage: fftwf_plan

  init(rows: Int, length: Int) {
    let half = length / 2 + 1
    let (plane, spectrum) = (
      UnsafeMutableRawPointer.allocate(
        byteCount: rows * length * MemoryLayout<Float>.stride, alignment: Plan.alignment),
      UnsafeMutableRawPointer.allocate(
        byteCount: rows * half * MemoryLayout<fftwf_complex>.stride, alignment: Plan.alignment)
    )
    defer {
      plane.deallocate()
      spectrum.deallocate()
    }
    let real = plane.initializeMemory(as: Float.self, repeating: 0, count: rows * length)
    let complex = spectrum.initializeMemory(as: fftwf_complex.self, repeating: (0, 0), count: rows * half)
    var along = fftwf_iodim64(n: length, is: 1, os: 1)
    var forward = fftwf_iodim64(n: rows, is: length, os: half)
    var inverse = fftwf_iodim64(n: rows, is: half, os: length)
    var flags = UInt32(FFTW_ESTIMATE)
    // Planes of a volume follow one another in memory; those of odd extents start in the middle of a vector.
    let planeBytes = rows * length * MemoryLayout<Float>.stride
    let spectrumBytes = rows * half * MemoryLayout<fftwf_complex>.stride
    if planeBytes % RealRowPlan.alignment != 0 || spectrumBytes % RealRowPlan.alignment != 0 {
      flags |= FFTW_UNALIGNED
    }
    var plans: (fftwf_plan?, fftwf_plan?)
    Plan.planner.withLock { _ in
      plans.0 = fftwf_plan_guru64_dft_r2c(1, &along, 1, &forward, real, complex, flags)
      plans.1 = fftwf_plan_guru64_dft_c2r(1, &along, 1, &inverse, complex, real, flags)
    }
    guard let toSpectrum = plans.0, let toImage = plans.1 else {
      preconditionFailure("FFTW cannot plan \(rows) real rows of \(length)")
    }
    self.toSpectrum = toSpectrum
    self.toImage = toImage
  }

  deinit {
    Plan.planner.withLock { _ in
      fftwf_destroy_plan(toSpectrum)
      fftwf_destroy_plan(toImage)
    }
  }

  /// The alignment in bytes that FFTW's vectors ask for, and that arrays have.
  static let alignment = 16

  /// Transforms the rows of a plane.
  func forward(_ plane: UnsafePointer<Float>, into spectrum: UnsafeMutablePointer<Complex<Float>>) {
    // FFTW keeps what it transforms out of place, though its interface cannot say so.
    fftwf_execute_dft_r2c(
      toSpectrum, UnsafeMutablePointer(mutating: plane),
      UnsafeMutableRawPointer(spectrum).assumingMemoryBound(to: fftwf_complex.self))
  }

  /// Transforms back, unscaled; destroys the spectrum.
  func inverse(_ spectrum: UnsafeMutablePointer<Complex<Float>>, into plane: UnsafeMutablePointer<Float>) {
    fftwf_execute_dft_c2r(
      toImage, UnsafeMutableRawPointer(spectrum).assumingMemoryBound(to: fftwf_complex.self), plane)
  }
}
