import CFFTW
import Numerics
import Synchronization

/// How long to look for the fastest way to compute a transform.
public enum Planning: Sendable {
  /// Chooses at once, by rules of thumb; right for a few transforms.
  case estimate
  /// Tries the ways and measures them, which takes up to seconds; right for many or large transforms.
  ///
  /// What was learned is kept in `kspace/fftw-wisdom` of the user's cache folder, so that only the first
  /// transform of an extent pays.
  case measure
}

/// FFTW's uncentred, unscaled transform of a block in place.
///
/// FFTW's planner is not thread-safe, its execution is: planning and destruction hold a lock.
final class Plan: @unchecked Sendable {
  // Unchecked: the plan is never changed after it was made, and fftwf_execute_dft may run concurrently.
  private let plan: fftwf_plan

  static let planner = Mutex<Void>(())

  /// An axis of the block: its extent, and the distance of neighbours in elements.
  struct Axis {
    var extent: Int
    var stride: Int
  }

  /// Plans the transform of some axes, repeated for every index of the others.
  init(transforming: [Axis], repeating: [Axis], direction: Direction, planning: Planning) {
    func dimensions(_ axes: [Axis]) -> [fftwf_iodim64] {
      axes.map { fftwf_iodim64(n: $0.extent, is: $0.stride, os: $0.stride) }
    }
    let last = (transforming + repeating).reduce(0) { $0 + ($1.extent - 1) * $1.stride }
    let block = UnsafeMutableBufferPointer<fftwf_complex>.allocate(capacity: last + 1)
    block.initialize(repeating: (0, 0))
    defer { block.deallocate() }
    // Blocks of odd extents start at any multiple of 8 bytes.
    let flags = (planning == .measure ? UInt32(FFTW_MEASURE) : UInt32(FFTW_ESTIMATE)) | UInt32(FFTW_UNALIGNED)
    var made: fftwf_plan?
    Plan.planner.withLock { _ in
      let wisdom = planning == .measure ? Wisdom.recalled() : nil
      made = fftwf_plan_guru64_dft(
        Int32(transforming.count), dimensions(transforming), Int32(repeating.count), dimensions(repeating),
        block.baseAddress, block.baseAddress, direction.rawValue, flags)
      wisdom?.keep()
    }
    guard let made else { preconditionFailure("FFTW cannot plan \(transforming) x \(repeating)") }
    plan = made
  }

  deinit { Plan.planner.withLock { _ in fftwf_destroy_plan(plan) } }

  func execute(_ block: UnsafeMutablePointer<Complex<Float>>) {
    let block = UnsafeMutableRawPointer(block).assumingMemoryBound(to: fftwf_complex.self)
    fftwf_execute_dft(plan, block, block)
  }
}
