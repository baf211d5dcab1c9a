import FourierTransforms
import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Synchronization

/// What happens to the samples of one readout on their way into k-space.
///
/// ```
/// trim, reverse, centre       [channel, sample] -> [channel, kx] of the encoded grid; resampled where needed
/// odd/even phase, cut         FFT, multiply, crop about n / 2, FFT
/// whiten                      W [channel, channel] x [channel, kx]
/// mirror and conjugate        for sources of negative phase: image -> conj(image)
/// ```
///
/// Cutting and whitening commute, so that whitening works on the shorter readout.
struct ReadoutKernel: Sendable {
  /// The grid with its full readout.
  let grid: EncodedGrid
  /// The number of channels.
  let channels: Int
  /// The whitening matrix `[channel, channel]`, if there is one.
  let whitening: NDArray<Complex<Float>>?
  /// The sign of the phase in the source.
  let phaseSign: PhaseSign
  /// What makes Cartesian lines of echo-planar readouts, if they need anything.
  let correction: EchoPlanarCorrection?

  private let full: FourierTransform?
  private let cut: FourierTransform?
  private let pool = WorkspacePool()

  init(
    grid: EncodedGrid, channels: Int, whitening: NDArray<Complex<Float>>?, phaseSign: PhaseSign,
    correction: EchoPlanarCorrection? = nil
  ) {
    self.grid = grid
    self.channels = channels
    self.whitening = whitening
    self.phaseSign = phaseSign
    self.correction = correction
    let isCut = grid.readoutLength < grid.matrix.x || correction?.phases.isEmpty == false
    full = isCut ? FourierTransform(shape: [channels, grid.matrix.x], axes: [1]) : nil
    cut = isCut ? FourierTransform(shape: [channels, grid.readoutLength], axes: [1]) : nil
  }

  /// Hands the rows `[channel, kx]` that a readout becomes to a closure.
  func withRows(
    of samples: UnsafeBufferPointer<Complex<Float>>, _ readout: AcquisitionHeader,
    _ body: (UnsafeBufferPointer<Complex<Float>>) -> Void
  ) {
    let workspace = pool.take(capacity: channels * grid.matrix.x)
    defer { pool.giveBack(workspace) }
    var rows = UnsafeMutableBufferPointer(rebasing: workspace.first[..<(channels * grid.matrix.x)])
    var spare = UnsafeMutableBufferPointer(rebasing: workspace.second[..<(channels * grid.readoutLength)])
    place(samples, readout, in: rows)
    if let full, let cut {
      full.inverse(rows)
      if let factors = correction?.phaseFactors(of: readout) {
        for index in rows.indices { rows[index] *= factors[index] }
      }
      let length = grid.readoutLength, start = grid.matrix.x / 2 - length / 2
      for channel in 0..<channels {
        let row = rows[channel * grid.matrix.x + start..<channel * grid.matrix.x + start + length]
        _ = UnsafeMutableBufferPointer(rebasing: spare[channel * length..<(channel + 1) * length])
          .update(fromContentsOf: UnsafeMutableBufferPointer(rebasing: row))
      }
      cut.forward(spare)
      (rows, spare) = (spare, UnsafeMutableBufferPointer(rebasing: rows[..<(channels * length)]))
    }
    if let whitening {
      whitening.withUnsafeBufferPointer { matrix in
        multiply(
          matrix, UnsafeBufferPointer(rows), into: spare, rows: channels, columns: grid.readoutLength,
          inner: channels)
      }
      swap(&rows, &spare)
    }
    if phaseSign == .negative { conjugateMirrored(rows) }
    body(UnsafeBufferPointer(rows))
  }

  /// The part of `kx` that a readout covers on the finished axis.
  func range(of readout: AcquisitionHeader) -> Range<Int> {
    let start = grid.readoutStart(of: readout)
    let placed = correction?.resampling(of: readout)?.range ?? start..<start + readout.keptCount
    let lower = max(0, placed.lowerBound), upper = min(grid.matrix.x, placed.upperBound)
    guard lower < upper else { return 0..<0 }
    let (n, m) = (grid.matrix.x, grid.readoutLength)
    // Cutting the field of view to m / n widens the distance of samples by n / m.
    let first = m / 2 - (n / 2 - lower) * m / n
    let last = m / 2 + (upper - 1 - n / 2) * m / n
    let covered = lower == 0 && upper == n ? 0..<m : max(0, first)..<min(m, max(first, last) + 1)
    guard phaseSign == .negative, covered.count < m else { return covered }
    // Index i mirrors to m - 1 - i on an odd axis, and to m - i on an even one, where index 0 is its own mirror
    // image; standing alone there, it is not counted.
    let shift = m % 2 == 0 ? 1 : 0
    let mirroredLower = m - covered.upperBound + shift
    let mirroredUpper = m - max(shift, covered.lowerBound) + shift
    return mirroredLower..<max(mirroredLower, mirroredUpper)
  }

  /// Whether rows are nothing but the samples in their place, so that no workspace is needed.
  var onlyPlaces: Bool {
    full == nil && whitening == nil && phaseSign == .positive && correction == nil
  }

  /// Brings the kept samples of all channels onto the grid's `kx` axis, rows `[channel, kx]`.
  func place(
    _ samples: UnsafeBufferPointer<Complex<Float>>, _ readout: AcquisitionHeader,
    in rows: UnsafeMutableBufferPointer<Complex<Float>>
  ) {
    let length = grid.matrix.x
    guard let resampling = correction?.resampling(of: readout) else {
      for channel in 0..<channels {
        let row = UnsafeMutableBufferPointer(rebasing: rows[channel * length..<(channel + 1) * length])
        place(samples, readout, channel: channel, in: row)
      }
      return
    }
    let kept = readout.keptCount, count = Int(readout.sampleCount), first = Int(readout.discardPre)
    resampling.matrix.withUnsafeBufferPointer { matrix in
      if kept == count {
        return multiply(samples, matrix, into: rows, rows: channels, columns: length, inner: kept)
      }
      for channel in 0..<channels {
        let start = channel * count + first
        multiply(
          UnsafeBufferPointer(rebasing: samples[start..<start + kept]), matrix,
          into: UnsafeMutableBufferPointer(rebasing: rows[channel * length..<(channel + 1) * length]),
          rows: 1, columns: length, inner: kept)
      }
    }
  }

  /// Puts the kept samples of one channel on the grid's `kx` axis, running along `+kx`, zeros elsewhere.
  func place(
    _ samples: UnsafeBufferPointer<Complex<Float>>, _ readout: AcquisitionHeader, channel: Int,
    in row: UnsafeMutableBufferPointer<Complex<Float>>
  ) {
    let kept = readout.keptCount, start = grid.readoutStart(of: readout)
    let lower = max(0, start), upper = min(row.count, start + kept)
    guard lower < upper else { return row.initialize(repeating: .zero) }
    UnsafeMutableBufferPointer(rebasing: row[..<lower]).initialize(repeating: .zero)
    UnsafeMutableBufferPointer(rebasing: row[upper...]).initialize(repeating: .zero)
    let first = channel * Int(readout.sampleCount) + Int(readout.discardPre)
    if readout.flags.contains(.isReverse) {
      let last = first + kept - 1
      for index in lower..<upper { row.initializeElement(at: index, to: samples[last - (index - start)]) }
    } else {
      let source = samples[first + lower - start..<first + upper - start]
      _ = UnsafeMutableBufferPointer(rebasing: row[lower..<upper])
        .initialize(fromContentsOf: UnsafeBufferPointer(rebasing: source))
    }
  }

  /// `k(x) -> conj(k(-x))` along every row; the caller mirrors the other axes.
  private func conjugateMirrored(_ rows: UnsafeMutableBufferPointer<Complex<Float>>) {
    let length = grid.readoutLength
    for start in stride(from: 0, to: rows.count, by: length) {
      for index in 0..<length {
        let partner = mirrored(index, length)
        guard index <= partner else { continue }
        let (a, b) = (rows[start + index], rows[start + partner])
        rows[start + index] = b.conjugate
        rows[start + partner] = a.conjugate
      }
    }
  }
}

/// Two buffers for the work on one readout.
private final class Workspace: @unchecked Sendable {
  // Unchecked: the pool gives a workspace to one thread at a time.
  let first: UnsafeMutableBufferPointer<Complex<Float>>
  let second: UnsafeMutableBufferPointer<Complex<Float>>

  init(capacity: Int) {
    func block() -> UnsafeMutableBufferPointer<Complex<Float>> {
      let bytes = UnsafeMutableRawPointer.allocate(
        byteCount: max(64, capacity * MemoryLayout<Complex<Float>>.stride), alignment: 64)
      let block = UnsafeMutableBufferPointer(
        start: bytes.bindMemory(to: Complex<Float>.self, capacity: capacity), count: capacity)
      block.initialize(repeating: .zero)
      return block
    }
    first = block()
    second = block()
  }

  deinit {
    first.deallocate()
    second.deallocate()
  }
}

/// Workspaces that threads share, as many as there are threads.
private final class WorkspacePool: Sendable {
  private let free = Mutex<[Workspace]>([])

  func take(capacity: Int) -> Workspace {
    free.withLock { $0.popLast() } ?? Workspace(capacity: capacity)
  }

  func giveBack(_ workspace: Workspace) {
    free.withLock { $0.append(workspace) }
  }
}
