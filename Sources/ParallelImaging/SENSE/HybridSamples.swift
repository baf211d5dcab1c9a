import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// The acquired samples of one echo in hybrid space: transformed along the readout, ordered by planes.
///
/// Positions that were not acquired take no memory.
struct HybridSamples: Sendable {
  /// The samples, axes `[x, channel, acquired position]`.
  private let samples: NDArray<Complex<Float>>
  /// The offsets `kz lines + ky` of the acquired positions, ascending.
  let positions: [Int]

  /// Transforms the acquired lines of an echo.
  init(_ scan: KSpace, echo: Int) {
    let flags = scan.masks[echo].isAcquired.elements
    let positions = flags.indices.filter { flags[$0] }
    self.positions = positions
    let length = scan.readoutLength, channels = scan.channels, count = positions.count
    let plane = scan.partitions * scan.lines
    let transform = FourierTransform(shape: [length])
    samples = NDArray(uninitializedShape: [length, channels, count]) { target in
      let target = SharedBuffer(target)
      scan.samples.withUnsafeBufferPointer { source in
        let source = SharedConstants(source)
        // Sixteen lines at a time, so that what is written to a plane fills cache lines.
        let bundles = (count + 15) / 16
        Parallelism.forEach(channels * bundles) { index in
          let channel = index / bundles, first = index % bundles * 16
          let bundle = first..<min(count, first + 16)
          withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: bundle.count * length) { lines in
            for (row, position) in bundle.enumerated() {
              let start = ((echo * channels + channel) * plane + positions[position]) * length
              let line = UnsafeMutableBufferPointer(rebasing: lines[row * length..<(row + 1) * length])
              _ = line.initialize(from: source[start..<start + length])
              transform.inverse(line)
            }
            for x in 0..<length {
              let start = (x * channels + channel) * count
              for (row, position) in bundle.enumerated() {
                target[start + position] = lines[row * length + x]
              }
            }
          }
        }
      }
    }
  }

  /// The samples of one plane, axes `[channel, acquired position]`.
  func plane(_ x: Int) -> NDArray<Complex<Float>> { samples.part(at: x) }
}
