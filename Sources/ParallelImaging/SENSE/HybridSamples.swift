import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// The acquired samples of one echo in hybrid space: transformed along the readout, ordered by planes.
///
/// Positions that were not acquired take no memory.
package struct HybridSamples: Sendable {
  /// The samples, axes `[x, channel, acquired position]`.
  private let samples: NDArray<Complex<Float>>
  /// The offsets `kz lines + ky` of the acquired positions, ascending.
  let positions: [Int]

  /// Transforms the acquired lines of an echo.
  init(_ scan: CompactKSpace, echo: Int) {
    let positions = scan.table.positions[echo]
    self.positions = positions
    let length = scan.readoutLength, channels = scan.channels, count = positions.count
    let first = count > 0 ? scan.table.row(echo: echo, channel: 0, position: positions[0]) : 0
    let transform = FourierTransform(shape: [length])
    samples = NDArray(uninitializedShape: [length, channels, count]) { target in
      let target = SharedBuffer(target)
      scan.samples.withUnsafeBufferPointer { source in
        let source = SharedConstants(source)
        // Sixteen lines at a time, so that what is written to a plane fills cache lines.
        let bundles = (count + 15) / 16
        Parallelism.forEach(channels * bundles) { index in
          let channel = index / bundles, begin = index % bundles * 16
          let bundle = begin..<min(count, begin + 16)
          withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: bundle.count * length) { lines in
            for (row, place) in bundle.enumerated() {
              let start = (first + channel * count + place) * length
              let line = UnsafeMutableBufferPointer(rebasing: lines[row * length..<(row + 1) * length])
              _ = line.initialize(from: source[start..<start + length])
              transform.inverse(line)
            }
            for x in 0..<length {
              let start = (x * channels + channel) * count
              for (row, place) in bundle.enumerated() { target[start + place] = lines[row * length + x] }
            }
          }
        }
      }
    }
  }

  /// The samples of virtual channels, plane by plane.
  func mixed(by mix: ChannelMix) -> HybridSamples {
    let length = samples.shape[0], block = mix.virtualChannels * positions.count
    return HybridSamples(
      samples: NDArray(uninitializedShape: [length, mix.virtualChannels, positions.count]) { target in
        let target = SharedBuffer(target)
        Parallelism.forEach(length) { x in
          mix(plane(x), atReadoutPosition: x).withUnsafeBufferPointer {
            _ = target[x * block..<(x + 1) * block].initialize(from: $0)
          }
        }
      }, positions: positions)
  }

  private init(samples: NDArray<Complex<Float>>, positions: [Int]) {
    self.samples = samples
    self.positions = positions
  }

  /// The samples of one plane, axes `[channel, acquired position]`.
  func plane(_ x: Int) -> NDArray<Complex<Float>> { samples.part(at: x) }
}
