import CFFTW
import Numerics
import Synchronization

/// FFTW's uncentred, unscaled transform of a block in place.
///
/// FFTW's planner is not thread-safe, its execution is: planning and destruction hold a lock.
final class Plan: @unchecked Sendable {
  // Unchecked: the plan is never changed after it was made, and fftwf_execute_dft may run concurrently.
  private let plan: fftwf_plan
  private let count: Int

  /// FFTW's planner, one at a time.
  static let planner = Mutex<Void>(())

  /// The alignment in bytes that plans are made for, enough for FFTW's vectors of any width.
  static let alignment = 64

  /// An axis of the block: its extent, and the distance of neighbours in elements.
  struct Axis {
    var extent: Int
    var stride: Int
  }

  /// Plans the transform of one axis of a dense block, repeated for every index of the other.
  init(transforming: Axis, repeating: Axis, direction: Direction, planning: Planning) {
    var transformed = fftwf_iodim64(
      n: transforming.extent, is: transforming.stride, os: transforming.stride)
    var repeated = fftwf_iodim64(n: repeating.extent, is: repeating.stride, os: repeating.stride)
    count = transforming.extent * repeating.extent
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: count * MemoryLayout<fftwf_complex>.stride, alignment: Plan.alignment)
    defer { block.deallocate() }
    let elements = block.initializeMemory(as: fftwf_complex.self, repeating: (0, 0), count: count)
    let flags = planning == .measure ? FFTW_MEASURE : FFTW_ESTIMATE
    var made: fftwf_plan?
    Plan.planner.withLock { _ in
      let wisdom = planning == .measure ? Wisdom.recalled() : nil
      made = fftwf_plan_guru64_dft(
        1, &transformed, 1, &repeated, elements, elements, direction.rawValue, UInt32(flags))
      wisdom?.keep()
    }
    guard let made else { preconditionFailure("FFTW cannot plan \(transforming) x \(repeating)") }
    plan = made
  }

  deinit { Plan.planner.withLock { _ in fftwf_destroy_plan(plan) } }

  /// Transforms a block that may start anywhere in memory.
  func execute(_ block: UnsafeMutablePointer<Complex<Float>>) {
    let isAligned = block.withMemoryRebound(to: Float.self, capacity: 2 * count) {
      fftwf_alignment_of($0) == 0
    }
    if isAligned { return executeAligned(block) }
    // Every other block of odd extents starts in the middle of a vector. Copying it costs less than a plan that
    // does without vector instructions.
    withUnsafeTemporaryAllocation(
      byteCount: count * MemoryLayout<Complex<Float>>.stride, alignment: Plan.alignment
    ) { memory in
      let copy = memory.bindMemory(to: Complex<Float>.self)
      _ = copy.initialize(fromContentsOf: UnsafeBufferPointer(start: block, count: count))
      copy.baseAddress.map(executeAligned)
      _ = UnsafeMutableBufferPointer(start: block, count: count).update(fromContentsOf: copy)
    }
  }

  private func executeAligned(_ block: UnsafeMutablePointer<Complex<Float>>) {
    let block = UnsafeMutableRawPointer(block).assumingMemoryBound(to: fftwf_complex.self)
    fftwf_execute_dft(plan, block, block)
  }
}
