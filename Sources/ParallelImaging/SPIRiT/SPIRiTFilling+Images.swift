import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

extension SPIRiTFilling {
  /// The scan without gaps, with every acquired sample as it was.
  public var scan: KSpace {
    var filled = KSpace(acquired)
    let volume = filled.geometry.matrix.count
    for channel in 0..<acquired.channels {
      let echoes = kSpace(of: channel)
      filled.samples.withUnsafeMutableBufferPointer { samples in
        echoes.withUnsafeBufferPointer { echoes in
          for echo in 0..<acquired.echoes {
            let start = (echo * acquired.channels + channel) * volume
            _ = UnsafeMutableBufferPointer(rebasing: samples[start..<start + volume]).update(
              fromContentsOf: echoes[echo * volume..<(echo + 1) * volume])
          }
        }
      }
    }
    let matrix = filled.geometry.matrix
    for echo in 0..<acquired.echoes {
      filled.masks[echo] = SamplingMask(lines: matrix.y, partitions: matrix.z)
    }
    filled.assumptions += assumptions
    return filled
  }

  /// The images of every channel, which are computed when they are asked for.
  var images: ChannelImages {
    ChannelImages(
      of: acquired, noise: acquired.isFullySampled ? acquired.noise : .shared, assumptions: assumptions
    ) { kSpace(of: $0) }.reporting(diagnostics)
  }

  /// The k-space of one channel without gaps, axes `[echo, kz, ky, kx]`.
  private func kSpace(of channel: Int) -> NDArray<Complex<Float>> {
    var volume = acquired.channel(channel)
    let length = acquired.readoutLength, plane = acquired.lines * acquired.partitions
    let transform = FourierTransform(shape: [length])
    volume.withUnsafeMutableBufferPointer { volume in
      for (echo, (gaps, samples)) in found.enumerated() where !gaps.isEmpty {
        // Sixteen lines at a time, so that what is read of a plane fills cache lines.
        for begin in stride(from: 0, to: gaps.count, by: 16) {
          let bundle = begin..<min(gaps.count, begin + 16)
          withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: bundle.count * length) { lines in
            lines.initialize(repeating: .zero)
            for x in 0..<length { add(samples, bundle, at: x, of: channel, to: lines) }
            for (row, place) in bundle.enumerated() {
              let line = UnsafeMutableBufferPointer(rebasing: lines[row * length..<(row + 1) * length])
              transform.forward(line)
              let start = (echo * plane + gaps[place]) * length
              for column in acquired.readoutRange { volume[start + column] = line[column] }
            }
          }
        }
      }
    }
    return volume
  }

  /// Adds what a channel sees at one readout position of a bundle of missing samples, one per line.
  private func add(
    _ samples: NDArray<Complex<Float>>, _ bundle: Range<Int>, at x: Int, of channel: Int,
    to lines: UnsafeMutableBufferPointer<Complex<Float>>
  ) {
    let length = acquired.readoutLength, channels = samples.shape[1], count = samples.shape[2]
    samples.withUnsafeBufferPointer { samples in
      guard let mix else {
        let start = (x * channels + channel) * count
        for (row, place) in bundle.enumerated() { lines[row * length + x] = samples[start + place] }
        return
      }
      for virtual in 0..<channels {
        let weight = mix.weights[x, virtual, channel].conjugate
        let start = (x * channels + virtual) * count
        for (row, place) in bundle.enumerated() { lines[row * length + x] += weight * samples[start + place] }
      }
    }
  }

  private var assumptions: [String] {
    mix.map { [$0.account(of: "Missing samples were found in")] } ?? []
  }
}
