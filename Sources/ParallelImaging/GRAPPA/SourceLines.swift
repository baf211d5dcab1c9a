import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// The acquired lines as missing ones are predicted from them: channels last, and fewer of them where a mix is given.
struct SourceLines: Sendable {
  /// The samples, axes `[row, kx, channel]`.
  private let samples: NDArray<Complex<Float>>
  private let table: LineTable

  var channels: Int { samples.shape[2] }

  init(_ scan: CompactKSpace, mix: ChannelMix?) {
    let table = LineTable(scan.masks, channels: 1)
    self.table = table
    let length = scan.readoutLength, channels = scan.channels
    let sources = mix?.virtualChannels ?? channels
    samples = NDArray(uninitializedShape: [table.count, length, sources]) { target in
      let target = SharedBuffer(target)
      scan.samples.withUnsafeBufferPointer { source in
        let source = SharedConstants(source)
        for echo in 0..<scan.echoes {
          let positions = table.positions[echo]
          Parallelism.forEach(positions.count) { index in
            withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: (channels + sources) * length) {
              memory in
              let lines = UnsafeMutableBufferPointer(rebasing: memory[..<(channels * length)])
              for channel in 0..<channels {
                let row = scan.table.row(echo: echo, channel: channel, position: positions[index])
                _ = UnsafeMutableBufferPointer(rebasing: lines[channel * length..<(channel + 1) * length])
                  .initialize(fromContentsOf: source[row * length..<(row + 1) * length])
              }
              var mixed = lines
              if let mix {
                mixed = UnsafeMutableBufferPointer(rebasing: memory[(channels * length)...])
                mixed.initialize(repeating: .zero)
                mix.apply(to: UnsafeBufferPointer(lines), into: mixed, length: length)
              }
              let start = table.row(echo: echo, channel: 0, position: positions[index]) * length * sources
              for channel in 0..<sources {
                for column in 0..<length {
                  target.elements.initializeElement(
                    at: start + column * sources + channel, to: mixed[channel * length + column])
                }
              }
            }
          }
        }
      }
    }
  }

  /// Copies some columns of an acquired line, axes `[kx, channel]`.
  @inline(__always)
  func copy(
    _ columns: Range<Int>, echo: Int, position: Int, to target: UnsafeMutableBufferPointer<Complex<Float>>
  ) {
    let start = table.row(echo: echo, channel: 0, position: position) * samples.shape[1] * channels
    samples.withUnsafeBufferPointer { samples in
      _ = target.update(
        fromContentsOf: samples[start + columns.lowerBound * channels..<start + columns.upperBound * channels]
      )
    }
  }
}
