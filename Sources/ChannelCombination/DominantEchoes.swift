import LinearAlgebra
import NDArrays
import Numerics

/// The combined echoes of every voxel: the best rank-one approximation of its channels and echoes.
struct DominantEchoes {
  /// The echoes, axes `[echo, z, y, x]`; a voxel's phase is arbitrary, the same for all its echoes.
  ///
  /// They are `sqrt(lambda - floor) v` for the eigenvalue `lambda` and the unit eigenvector `v`, with the noise
  /// that all channels add to `lambda` taken off.
  var echoes: NDArray<Complex<Float>>
  /// The squared signal outside of the approximation, `trace G - lambda`.
  let residual: NDArray<Float>

  /// Finds the dominant eigenvector of every voxel.
  ///
  /// - Parameters:
  ///   - gram: The products of the echoes.
  ///   - shape: The shape of the echoes.
  ///   - noiseFloor: The number of channels times `2 sigma^2`.
  init(_ gram: EchoGramMatrix, shape: [Int], noiseFloor: Float) {
    let voxels = gram.voxels, layout = gram.layout
    var echoes = NDArray<Complex<Float>>(repeating: .zero, shape: shape)
    residual = NDArray(uninitializedShape: [voxels]) { residual in
      echoes.withUnsafeMutableBufferPointer { echoes in
        let echoes = SharedBuffer(echoes), residual = SharedBuffer(residual)
        gram.forEachPack { matrices, range in
          withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 2 * layout.order) { vector in
            guard let real = vector.baseAddress else { return }
            let imaginary = real + layout.order
            let eigenvalue = layout.dominantEigenvector(matrices, real: real, imaginary: imaginary)
            let rest = layout.trace(matrices) - eigenvalue
            let signal = eigenvalue - noiseFloor
            let scale = signal.replacing(with: 0, where: signal .< 0).squareRoot()
            for voxel in range { residual[voxel] = rest[voxel - range.lowerBound] }
            for echo in 0..<layout.order {
              let re = real[echo] * scale, im = imaginary[echo] * scale
              for voxel in range {
                let lane = voxel - range.lowerBound
                echoes[echo * voxels + voxel] = Complex(re[lane], im[lane])
              }
            }
          }
        }
      }
    }
    self.echoes = echoes
  }
}
