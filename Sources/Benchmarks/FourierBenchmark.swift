import CFFTW
import Foundation
import FourierTransforms
import NDArrays
import Numerics

/// The centred transform of 256 x 256 x 72 samples against FFTW's own, uncentred and unscaled.
///
/// The peer makes the calls that a plain C program makes: one three-dimensional plan, measured, in place, with as
/// many threads. The two take turns, so that other work on the machine hits both.
func benchmarkFourierTransform() {
  let shape = [72, 256, 256]
  let count = shape.reduce(1, *)
  let transform = FourierTransform(shape: shape, planning: .measure)
  var volume = NDArray<Complex<Float>>(repeating: .zero, shape: shape)
  let peer = PlainFFTW(shape: shape, threads: Parallelism.threads)

  let one = alternate(
    rounds: 41,
    { transform.forward(&volume) },
    { peer.execute() })
  report("centred FFT 256x256x72", one, per: 1)

  let channels = 32
  var scan = NDArray<Complex<Float>>(repeating: .zero, shape: [channels] + shape)
  let serialPeer = PlainFFTW(shape: shape, threads: 1)
  let many = alternate(
    rounds: 5,
    { transform.forward(&scan) },
    {
      scan.withUnsafeMutableBufferPointer { buffer in
        let shared = SharedBuffer(buffer)
        Parallelism.forEach(channels) { serialPeer.execute(on: shared[$0 * count..<($0 + 1) * count]) }
      }
    })
  report("32 channels of it", many, per: channels)
}

/// One plan of FFTW over a whole volume, forward and in place.
private final class PlainFFTW: @unchecked Sendable {
  // Unchecked: execution is thread-safe, and the benchmark makes plans on one thread.
  private let plan: fftwf_plan
  private let volume: UnsafeMutablePointer<fftwf_complex>

  init(shape: [Int], threads: Int) {
    let count = shape.reduce(1, *)
    fftwf_init_threads()
    fftwf_plan_with_nthreads(Int32(threads))
    guard let memory = fftwf_alloc_complex(count),
      let plan = fftwf_plan_dft_3d(
        Int32(shape[0]), Int32(shape[1]), Int32(shape[2]), memory, memory, FFTW_FORWARD,
        UInt32(FFTW_MEASURE))
    else { fatalError("FFTW cannot plan \(shape)") }
    fftwf_plan_with_nthreads(1)
    memory.update(repeating: (0, 0), count: count)
    volume = memory
    self.plan = plan
  }

  deinit {
    fftwf_destroy_plan(plan)
    fftwf_free(volume)
  }

  func execute() { fftwf_execute(plan) }

  func execute(on item: UnsafeMutableBufferPointer<Complex<Float>>) {
    let item = UnsafeMutableRawPointer(item.baseAddress)?.assumingMemoryBound(to: fftwf_complex.self)
    fftwf_execute_dft(plan, item, item)
  }
}

/// Seconds that two pieces of work took, run by turns.
private func alternate(rounds: Int, _ ours: () -> Void, _ peer: () -> Void) -> (
  ours: [Double], peer: [Double]
) {
  let clock = ContinuousClock()
  func seconds(_ work: () -> Void) -> Double { clock.measure(work) / .seconds(1) }
  ours()
  peer()
  var times: (ours: [Double], peer: [Double]) = ([], [])
  for _ in 0..<rounds {
    times.ours.append(seconds(ours))
    times.peer.append(seconds(peer))
  }
  return times
}

private func report(_ name: String, _ times: (ours: [Double], peer: [Double]), per items: Int) {
  func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
  func milliseconds(_ seconds: Double) -> String { String(format: "%.1f ms", 1000 * seconds / Double(items)) }
  let ratio = median(zip(times.ours, times.peer).map { $0 / $1 })
  print(
    "\(name): \(milliseconds(median(times.ours))), plain FFTW \(milliseconds(median(times.peer))), "
      + "ratio \(String(format: "%.2f", ratio))" + (items > 1 ? " (per item)" : ""))
}
