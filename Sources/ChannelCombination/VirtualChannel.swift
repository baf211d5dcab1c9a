import LinearAlgebra
import MRIData
import NDArrays

/// The combination of channels that the voxels with signal have most in common.
///
/// ```
/// u = dominant eigenvector of sum_r S(r) S(r)^H / |S(r)|^2
/// ```
///
/// Each voxel counts alike, so that the bright voxels next to a surface coil do not decide alone. Phases
/// relative to `u` have a singularity only where a voxel's channels are orthogonal to it.
struct VirtualChannel: Sendable {
  /// The real parts of the weights, one per channel.
  let real: [Float]
  /// The imaginary parts of the weights, one per channel.
  let imaginary: [Float]

  /// Finds the virtual channel in the first echo, from voxels above the mean signal.
  init(_ rows: ChannelRows) {
    let layout = rows.layout, order = layout.order
    var buffer = [Lanes](repeating: .zero, count: 2 * order + layout.stride)
    (real, imaginary) = buffer.withUnsafeMutableBufferPointer { buffer in
      guard let re = buffer.baseAddress else { return ([], []) }
      let im = re + order, sum = im + order
      var mean = 0.0, count = 0.0
      Self.forEachSample(rows, re, im) { energy in
        mean += Double(energy.sum())
        count += Double(Lanes.scalarCount)
      }
      let threshold = Float(mean / max(count, 1))
      Self.forEachSample(rows, re, im) { energy in
        let scale = (1 / energy.squareRoot()).replacing(with: 0, where: energy .<= threshold)
        for index in 0..<order {
          re[index] *= scale
          im[index] *= scale
        }
        layout.add(real: re, imaginary: im, to: sum)
      }
      for cell in 0..<layout.stride { sum[cell] = Lanes(repeating: sum[cell].sum()) }
      _ = layout.dominantEigenvector(sum, real: re, imaginary: im)
      return ((0..<order).map { re[$0][0] }, (0..<order).map { im[$0][0] })
    }
  }

  /// Visits some 4,000 packs spread over the volume; the closure is given the squared signal in each lane.
  private static func forEachSample(
    _ rows: ChannelRows, _ real: UnsafeMutablePointer<Lanes>, _ imaginary: UnsafeMutablePointer<Lanes>,
    _ body: (Lanes) -> Void
  ) {
    let lines = rows.matrix.z * rows.matrix.y, total = lines * rows.packs
    for sample in stride(from: 0, to: total, by: max(1, total / 4096)) {
      let line = sample / rows.packs
      rows.read(
        echo: 0, slice: line / rows.matrix.y, line: line % rows.matrix.y, pack: sample % rows.packs,
        real: real, imaginary: imaginary)
      body(rows.clearInvalid(real: real, imaginary: imaginary))
    }
  }

  /// Turns vectors so that their product with the virtual channel is real and positive.
  @inline(__always)
  func anchor(_ real: UnsafeMutablePointer<Lanes>, _ imaginary: UnsafeMutablePointer<Lanes>) {
    var re = Lanes.zero, im = Lanes.zero
    for index in self.real.indices {
      let a = self.real[index], b = self.imaginary[index]
      re += a * real[index] + b * imaginary[index]
      im += a * imaginary[index] - b * real[index]
    }
    let length = (re * re + im * im).squareRoot()
    let c = (re / length).replacing(with: 1, where: length .== 0)
    let s = (im / length).replacing(with: 0, where: length .== 0)
    for index in self.real.indices {
      let a = real[index], b = imaginary[index]
      real[index] = a * c + b * s
      imaginary[index] = b * c - a * s
    }
  }
}
