import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// The images of all channels, read eight voxels of a row at a time.
struct ChannelRows: Sendable {
  /// One array `[echo, z, y, x]` per channel.
  let channels: [NDArray<Complex<Float>>]
  let echoes: Int
  let matrix: Extents
  /// What the channels are multiplied by when they are read.
  let scale: SampleScale

  init(channels: [NDArray<Complex<Float>>], echoes: Int, matrix: Extents) {
    self.channels = channels
    self.echoes = echoes
    self.matrix = matrix
    scale = SampleScale(channels) ?? .identity
  }

  /// The layout of the covariances of the channels.
  var layout: HermitianPacks { HermitianPacks(order: channels.count) }

  /// The number of packs in a row.
  var packs: Int { HermitianPacks.count(voxels: matrix.x) }

  /// Reads the channels at eight voxels; lanes beyond the row are zero.
  @inline(__always)
  func read(
    echo: Int, slice: Int, line: Int, pack: Int, real: UnsafeMutablePointer<Lanes>,
    imaginary: UnsafeMutablePointer<Lanes>
  ) {
    let x = pack * HermitianPacks.width
    let start = ((echo * matrix.z + slice) * matrix.y + line) * matrix.x + x
    for (index, channel) in channels.enumerated() {
      channel.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        let (re, im) = Lanes.split(base + start, count: matrix.x - x)
        real[index] = re * scale.factor
        imaginary[index] = im * scale.factor
      }
    }
  }

  /// The squared signal of all channels in each lane, after lanes that are not finite were cleared.
  @inline(__always)
  func clearInvalid(real: UnsafeMutablePointer<Lanes>, imaginary: UnsafeMutablePointer<Lanes>) -> Lanes {
    var energy = Lanes.zero
    for index in channels.indices {
      energy += real[index] * real[index] + imaginary[index] * imaginary[index]
    }
    let isValid = energy .< .infinity
    guard !all(isValid) else { return energy }
    for index in channels.indices {
      real[index].replace(with: 0, where: .!isValid)
      imaginary[index].replace(with: 0, where: .!isValid)
    }
    return energy.replacing(with: 0, where: .!isValid)
  }
}
