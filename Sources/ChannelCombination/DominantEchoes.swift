import LinearAlgebra
import NDArrays
import Numerics

/// The combined echoes of every voxel: the best rank-one approximation of its channels and echoes.
struct DominantEchoes {
  /// The echoes, axes `[echo, z, y, x]`; a voxel's phase is arbitrary, the same for all its echoes.
  ///
  /// They are `sqrt(lambda) v` for the eigenvalue `lambda` and the unit eigenvector `v`.
  var echoes: NDArray<Complex<Float>>
  /// The squared signal outside of the approximation, `trace G - lambda`.
  let residual: NDArray<Float>

  /// Finds the dominant eigenvector of every voxel.
  ///
  /// - Parameters:
  ///   - gram: The products of the echoes.
  ///   - shape: The shape of the echoes.
  init(_ gram: EchoGramMatrix, shape: [Int]) {
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
            let scale = eigenvalue.replacing(with: 0, where: eigenvalue .< 0).squareRoot()
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

  /// Takes off what noise adds: `sqrt(lambda - floor) v` remains, or nothing where that is no number above zero.
  ///
  /// - Parameters:
  ///   - floor: What the noise of all channels adds to `lambda`: their number times `2 sigma^2`.
  ///   - gram: The products of the echoes.
  mutating func remove(noise floor: Float, _ gram: EchoGramMatrix) {
    guard floor > 0 else { return }
    let voxels = gram.voxels, count = echoes.shape[0]
    echoes.withUnsafeMutableBufferPointer { echoes in
      let echoes = SharedBuffer(echoes)
      gram.forEachPack { _, range in
        for voxel in range {
          let power = (0..<count).reduce(Float(0)) { $0 + echoes[$1 * voxels + voxel].lengthSquared }
          let scale = power > floor ? (1 - floor / power).squareRoot() : power.isNaN ? .nan : 0
          for echo in 0..<count {
            echoes[echo * voxels + voxel] = echoes[echo * voxels + voxel].multiplied(by: scale)
          }
        }
      }
    }
  }
}
