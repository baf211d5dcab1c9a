import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Synchronization

/// The extents of a kernel.
struct KernelExtents: Sendable, Equatable {
  var lines: Int
  var partitions: Int
  /// The extent along `kx`.
  var columns = 1

  /// The number of positions that the kernel covers.
  var count: Int { lines * partitions * columns }
}

/// The kernel-sized patches of calibration data, around the centre of `kx`.
struct CalibrationPatches: Sendable {
  /// The samples, axes `[channel, kz, ky, kx]`.
  private let samples: NDArray<Complex<Float>>
  private let kernel: KernelExtents
  /// The columns of the samples in which patches start.
  private let columns: Range<Int>

  /// The number of parts that are added up separately; fixed, so that sums do not depend on the threads.
  private static let parts = 4

  /// Takes patches from a box as long along `kx` as it is wide, where the signal stands above the noise, and longer if
  /// patches would be fewer than their elements.
  ///
  /// - Precondition: The kernel fits into the block.
  init(_ block: CalibrationBlock, _ kernel: KernelExtents) {
    samples = block.samples
    self.kernel = kernel
    let shape = block.samples.shape
    let places = (shape[1] - kernel.partitions + 1) * (shape[2] - kernel.lines + 1)
    let elements = shape[0] * kernel.count
    let wanted = max(shape[1], shape[2], (elements + places - 1) / places + kernel.columns - 1)
    let centre = shape[3] / 2
    let box = (centre - wanted / 2..<centre + (wanted + 1) / 2).clamped(to: block.readoutRange)
    columns = box.lowerBound..<max(box.lowerBound + 1, box.upperBound - kernel.columns + 1)
  }

  /// The number of components of a patch.
  var order: Int { samples.shape[0] * kernel.count }

  private var places: (partitions: Int, lines: Int) {
    (samples.shape[1] - kernel.partitions + 1, samples.shape[2] - kernel.lines + 1)
  }

  /// The number of patches.
  var count: Int { places.partitions * places.lines * columns.count }

  /// The lower triangle of `sum conj(z) z^T` over all patches `z[channel, dz, dy, dx]`.
  var gram: NDArray<Complex<Float>> {
    let order = order, length = (count + Self.parts - 1) / Self.parts
    let parts = Mutex<[Int: NDArray<Complex<Float>>]>([:])
    Parallelism.forEach(Self.parts) { part in
      var sum = NDArray<Complex<Float>>(repeating: .zero, shape: [order, order])
      add(min(part * length, count)..<min((part + 1) * length, count), to: &sum)
      parts.withLock { $0[part] = sum }
    }
    let sums = parts.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
    var gram = sums[0]
    for sum in sums.dropFirst() { gram.add(sum, times: 1) }
    return gram
  }

  private func add(_ range: Range<Int>, to gram: inout NDArray<Complex<Float>>) {
    let batch = 256
    withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: batch * order) { rows in
      rows.initialize(repeating: .zero)
      for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
        let end = min(start + batch, range.upperBound)
        for index in start..<end {
          copy(
            index,
            to: UnsafeMutableBufferPointer(
              rebasing: rows[(index - start) * order..<(index - start + 1) * order]))
        }
        addGramMatrix(of: UnsafeBufferPointer(rebasing: rows[..<((end - start) * order)]), to: &gram)
      }
    }
  }

  private func copy(_ index: Int, to row: UnsafeMutableBufferPointer<Complex<Float>>) {
    let shape = samples.shape
    let column = columns.lowerBound + index % columns.count
    let line = index / columns.count % places.lines, partition = index / columns.count / places.lines
    samples.withUnsafeBufferPointer { samples in
      var element = 0
      for channel in 0..<shape[0] {
        for dz in 0..<kernel.partitions {
          for dy in 0..<kernel.lines {
            let start = ((channel * shape[1] + partition + dz) * shape[2] + line + dy) * shape[3] + column
            for dx in 0..<kernel.columns {
              row[element] = samples[start + dx]
              element += 1
            }
          }
        }
      }
    }
  }
}
