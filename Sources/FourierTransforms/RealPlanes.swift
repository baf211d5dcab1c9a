import CFFTW
import NDArrays
import Numerics

/// The transform of the two inner axes of a real volume, one plane at a time.
///
/// A plane is copied into rows of `2 (length / 2 + 1)` numbers, where it is transformed in place and in cache.
struct RealPlanes: Sendable {
  private let rows: Int
  private let length: Int
  private let along: RealRowPlan
  private let forwardColumns: Columns?
  private let inverseColumns: Columns?

  /// The number of complex numbers of a row's spectrum.
  private var half: Int { length / 2 + 1 }

  init(rows: Int, length: Int, planning: Planning) {
    self.rows = rows
    self.length = length
    along = RealRowPlan(rows: rows, length: length, planning: planning)
    func columns(_ direction: Direction) -> Columns? {
      rows > 1
        ? Columns(length: rows, width: length / 2 + 1, direction: direction, planning: planning) : nil
    }
    forwardColumns = columns(.forward)
    inverseColumns = columns(.inverse)
  }

  func forward(
    _ plane: UnsafeBufferPointer<Float>, into spectrum: UnsafeMutableBufferPointer<Complex<Float>>
  ) {
    guard let source = plane.baseAddress, let target = spectrum.baseAddress else { return }
    withCopy { copy in
      let numbers = UnsafeMutableRawPointer(copy).assumingMemoryBound(to: Float.self)
      for row in 0..<rows {
        (numbers + 2 * row * half).update(from: source + row * length, count: length)
      }
      along.forward(copy)
      if let forwardColumns {
        for bundle in 0..<forwardColumns.bundles { forwardColumns.apply(to: copy, bundle: bundle) }
      }
      target.update(from: copy, count: rows * half)
    }
  }

  func inverse(
    _ spectrum: UnsafeBufferPointer<Complex<Float>>, times scale: Float,
    into plane: UnsafeMutableBufferPointer<Float>
  ) {
    guard let source = spectrum.baseAddress, let target = plane.baseAddress else { return }
    withCopy { copy in
      copy.update(from: source, count: rows * half)
      if let inverseColumns {
        for bundle in 0..<inverseColumns.bundles { inverseColumns.apply(to: copy, bundle: bundle) }
      }
      along.inverse(copy)
      let numbers = UnsafeMutableRawPointer(copy).assumingMemoryBound(to: Float.self)
      for row in 0..<rows {
        let (from, to) = (numbers + 2 * row * half, target + row * length)
        for x in 0..<length { to[x] = from[x] * scale }
      }
    }
  }

  private func withCopy(_ body: (UnsafeMutablePointer<Complex<Float>>) -> Void) {
    withUnsafeTemporaryAllocation(
      byteCount: rows * half * MemoryLayout<Complex<Float>>.stride, alignment: Plan.alignment
    ) { memory in
      guard let copy = memory.bindMemory(to: Complex<Float>.self).baseAddress else { return }
      copy.initialize(repeating: .zero, count: rows * half)
      body(copy)
    }
  }
}

/// FFTW's transform of the rows of a real plane in place, each row padded to hold its spectrum.
final class RealRowPlan: @unchecked Sendable {
  // Unchecked: the plans are never changed after they were made, and executing them is thread-safe.
  private let toSpectrum: fftwf_plan
  private let toImage: fftwf_plan

  init(rows: Int, length: Int, planning: Planning) {
    let half = length / 2 + 1
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: rows * half * MemoryLayout<fftwf_complex>.stride, alignment: Plan.alignment)
    defer { block.deallocate() }
    let complex = block.initializeMemory(as: fftwf_complex.self, repeating: (0, 0), count: rows * half)
    let real = UnsafeMutableRawPointer(complex).assumingMemoryBound(to: Float.self)
    var forward = (
      fftwf_iodim64(n: length, is: 1, os: 1), fftwf_iodim64(n: rows, is: 2 * half, os: half)
    )
    var inverse = (
      fftwf_iodim64(n: length, is: 1, os: 1), fftwf_iodim64(n: rows, is: half, os: 2 * half)
    )
    let flags = UInt32(planning == .measure ? FFTW_MEASURE : FFTW_ESTIMATE)
    var plans: (fftwf_plan?, fftwf_plan?)
    Plan.planner.withLock { _ in
      let wisdom = planning == .measure ? Wisdom.recalled() : nil
      plans.0 = fftwf_plan_guru64_dft_r2c(1, &forward.0, 1, &forward.1, real, complex, flags)
      plans.1 = fftwf_plan_guru64_dft_c2r(1, &inverse.0, 1, &inverse.1, complex, real, flags)
      wisdom?.keep()
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

  /// Transforms a block that starts on a cache line.
  func forward(_ block: UnsafeMutablePointer<Complex<Float>>) {
    let block = UnsafeMutableRawPointer(block)
    fftwf_execute_dft_r2c(
      toSpectrum, block.assumingMemoryBound(to: Float.self),
      block.assumingMemoryBound(to: fftwf_complex.self))
  }

  /// Transforms back; unscaled.
  func inverse(_ block: UnsafeMutablePointer<Complex<Float>>) {
    let block = UnsafeMutableRawPointer(block)
    fftwf_execute_dft_c2r(
      toImage, block.assumingMemoryBound(to: fftwf_complex.self),
      block.assumingMemoryBound(to: Float.self))
  }
}
