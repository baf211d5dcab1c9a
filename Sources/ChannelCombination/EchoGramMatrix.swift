import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// The products of every two echoes, summed over the channels, for each voxel.
///
/// ```
/// G[k, l] = sum_c S_ck conj(S_cl)
/// ```
///
/// The phase that a channel adds to all its echoes cancels, and every channel weighs by its own signal.
/// Channels are added one after another in their order, so that the result depends neither on the number of
/// threads nor on the batches, and memory not on the number of channels: `echoes^2` real numbers per voxel.
///
/// Samples are multiplied by a power of two, ``scale``, so that their products neither overflow nor vanish.
///
/// Sums are kept in single precision: over `C` channels their relative error is of the order of `sqrt(C) eps`,
/// 3e-7 for 32 channels, where the noise of an image with a signal-to-noise ratio of 1000 is 1e-3.
struct EchoGramMatrix {
  /// How the matrices are laid out.
  let layout: HermitianPacks
  /// The number of voxels.
  let voxels: Int
  /// What the channels were multiplied by.
  private(set) var scale = SampleScale.identity
  /// The matrices, one pack of eight voxels after another.
  private(set) var packs: NDArray<Float>

  /// Accumulates the matrices of all channels.
  ///
  /// - Parameters:
  ///   - images: The channels.
  ///   - bandwidth: The largest difference of echo numbers to keep; all if `nil`, 0 for the sum of squares.
  /// - Throws: What computing a channel throws.
  init(_ images: ChannelImages, bandwidth: Int? = nil) throws {
    layout = HermitianPacks(order: images.shape[0], bandwidth: bandwidth)
    voxels = images.geometry.matrix.count
    let count = HermitianPacks.count(voxels: voxels) * layout.stride * HermitianPacks.width
    packs = NDArray(repeating: 0, shape: [count])
    var isScaled = false
    try images.forEachBatch { channels in
      if !isScaled, let scale = SampleScale(channels) { (self.scale, isScaled) = (scale, true) }
      add(channels)
    }
  }

  /// Adds a batch of channels while each pack is in cache.
  private mutating func add(_ channels: [NDArray<Complex<Float>>]) {
    let layout = layout, voxels = voxels, width = HermitianPacks.width, factor = scale.factor
    packs.withUnsafeMutableBufferPointer { buffer in
      let packs = SharedBuffer(buffer)
      Parallelism.forEachBlock(of: HermitianPacks.count(voxels: voxels), length: 1024) { block in
        withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 2 * layout.order) { sample in
          guard let real = sample.baseAddress else { return }
          let imaginary = real + layout.order
          packs.withLanes { packs in
            for pack in block {
              let first = pack * width
              for channel in channels {
                channel.withUnsafeBufferPointer { source in
                  guard let start = source.baseAddress else { return }
                  for echo in 0..<layout.order {
                    (real[echo], imaginary[echo]) = Lanes.split(
                      start + echo * voxels + first, count: voxels - first)
                    real[echo] *= factor
                    imaginary[echo] *= factor
                  }
                }
                layout.add(real: real, imaginary: imaginary, to: packs + pack * layout.stride)
              }
            }
          }
        }
      }
    }
  }

  /// Calls a closure for each pack of eight voxels, on all threads.
  ///
  /// The closure is given the pack's matrices and the range of its voxels.
  func forEachPack(_ body: @Sendable (_ matrices: UnsafePointer<Lanes>, _ voxels: Range<Int>) -> Void) {
    let layout = layout, voxels = voxels, width = HermitianPacks.width
    packs.withUnsafeBufferPointer { buffer in
      let packs = SharedConstants(buffer)
      Parallelism.forEachBlock(of: HermitianPacks.count(voxels: voxels), length: 512) { block in
        packs.withLanes { packs in
          for pack in block {
            let range = pack * width..<min(voxels, (pack + 1) * width)
            body(packs + pack * layout.stride, range)
          }
        }
      }
    }
  }
}

extension SharedBuffer<Float> {
  /// Calls a closure with the numbers seen as vectors; arrays are aligned for that.
  @inline(__always)
  func withLanes(_ body: (UnsafeMutablePointer<Lanes>) -> Void) {
    elements.withMemoryRebound(to: Lanes.self) { lanes in
      if let start = lanes.baseAddress { body(start) }
    }
  }
}

extension SharedConstants<Float> {
  /// Calls a closure with the numbers seen as vectors; arrays are aligned for that.
  @inline(__always)
  func withLanes(_ body: (UnsafePointer<Lanes>) -> Void) {
    elements.withMemoryRebound(to: Lanes.self) { lanes in
      if let start = lanes.baseAddress { body(start) }
    }
  }
}
