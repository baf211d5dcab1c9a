import FourierTransforms
import MRIData
import NDArrays
import Numerics

extension ChannelImages {
  /// The same images with what a scan has acquired in place of what they hold there, bit for bit.
  func keeping(_ scan: CompactKSpace, assuming more: [String]) -> ChannelImages {
    let matrix = geometry.matrix
    @Sendable func kSpace(_ channel: Int) throws -> NDArray<Complex<Float>> {
      var volumes = try self.channel(channel)
      let transform = FourierTransform(shape: matrix.shape), length = matrix.x, range = scan.readoutRange
      volumes.withUnsafeMutableBufferPointer { target in
        for echo in 0..<scan.echoes {
          let first = echo * matrix.count
          transform.forward(UnsafeMutableBufferPointer(rebasing: target[first..<first + matrix.count]))
          scan.samples.withUnsafeBufferPointer { samples in
            for position in scan.table.positions[echo] {
              let row = scan.table.row(echo: echo, channel: channel, position: position) * length
              for x in range { target[first + position * length + x] = samples[row + x] }
            }
          }
        }
      }
      return volumes
    }
    return ChannelImages(
      channels: channels, parameters: parameters, geometry: geometry, noise: .shared,
      assumptions: assumptions + more,
      diagnostics: diagnostics, kSpace: kSpace
    ) { channel in
      var volumes = try kSpace(channel)
      let transform = FourierTransform(shape: matrix.shape)
      volumes.withUnsafeMutableBufferPointer { target in
        for first in stride(from: 0, to: target.count, by: matrix.count) {
          transform.inverse(UnsafeMutableBufferPointer(rebasing: target[first..<first + matrix.count]))
        }
      }
      return volumes
    }
  }
}
