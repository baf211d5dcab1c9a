import Foundation
import KSpaceToolkit

/// Combining 32 channels of 8 echoes and 160 x 192 x 48 voxels, the images made on the fly.
///
/// There is no peer: no public tool has MDI. The figure to watch is the time per voxel and channel.
func benchmarkCombination() throws {
  let matrix = Extents(x: 160, y: 192, z: 48), channels = 32, echoes = 8
  let parameters = ScanParameters(
    echoTimes: (0..<echoes).map { 3.3e-3 + 3.1e-3 * Double($0) }, fieldStrength: 3)
  // One decaying off-resonant volume, turned and scaled from channel to channel: what counts is the arithmetic.
  let train = NDArray<Complex<Float>>(uninitializedShape: [echoes] + matrix.shape) { buffer in
    for echo in 0..<echoes {
      for voxel in 0..<matrix.count {
        let time = Float(parameters.echoTimes[echo])
        let frequency = Float(voxel % 300 - 150)
        buffer.initializeElement(
          at: echo * matrix.count + voxel,
          to: Complex(length: 100 * .exp(-20 * time), phase: 2 * .pi * frequency * time))
      }
    }
  }
  let images = ChannelImages(
    channels: channels, parameters: parameters, geometry: Geometry(matrix: matrix, voxelSize: [1, 1, 1]),
    noise: .whitened(standardDeviation: 1)
  ) { channel in
    let turn = Complex<Float>(length: 1 / Float(channel + 1), phase: Float(channel))
    return train.map { $0 * turn }
  }
  let clock = ContinuousClock()
  func report(_ name: String, _ work: () throws -> Void) rethrows {
    try work()
    let seconds = try (0..<3).map { _ in try clock.measure(work) / .seconds(1) }.sorted()[1]
    let nanoseconds = seconds * 1e9 / Double(matrix.count * channels)
    print(
      String(
        format: "%@, 32 channels, 8 echoes, 160x192x48: %.2f s, %.0f ns per voxel and channel", name, seconds,
        nanoseconds))
  }
  try report("channel images alone") { for channel in 0..<channels { _ = try images.channel(channel) } }
  try report("root sum of squares") { _ = try RootSumOfSquares()(images) }
  try report("MDI, echo ratio") { _ = try MDI(estimator: .echoRatio)(images) }
  try report("MDI, Gram eigenvector") { _ = try MDI()(images) }
}
