import NDArrays
import Numerics

/// The decay of every voxel, axes of the maps `[z, y, x]`; signals in the scale of the products of echoes.
struct DecayMaps {
  /// The off-resonance within one period [Hz].
  let field: NDArray<Float>
  /// The relaxation rate R2* [1/s].
  let relaxation: NDArray<Float>
  /// The combined signal at the first echo.
  let amplitude: NDArray<Float>
  /// The squared distance of the combined echoes from the model.
  let misfit: NDArray<Float>

  /// Estimates the decay and turns each voxel's echoes to the model's phase, `2 pi f TE` for each echo, and back to
  /// the channels' scale.
  ///
  /// - Parameters:
  ///   - echoes: The combined echoes, axes `[echo, z, y, x]`.
  ///   - gram: The products of the echoes, for the echo ratio.
  ///   - times: The echo times.
  ///   - ratio: The estimator; least squares on the combined echoes if `nil`.
  ///   - oddEven: The phase to take out of reversed echoes.
  init(
    _ echoes: inout NDArray<Complex<Float>>, _ gram: EchoGramMatrix, _ times: EchoTimes, ratio: EchoRatio?,
    oddEven: OddEvenPhase?
  ) {
    let voxels = gram.voxels, fit = DecayFit(times: times)
    let maps = NDArray<Float>(uninitializedShape: [4] + echoes.shape[1...]) { maps in
      echoes.withUnsafeMutableBufferPointer { echoes in
        let echoes = SharedBuffer(echoes), maps = SharedBuffer(maps)
        gram.forEachPack { matrices, range in
          withUnsafeTemporaryAllocation(of: Float.self, capacity: times.count) { phases in
            withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: times.count) { train in
              guard let phases = phases.baseAddress else { return }
              for voxel in range {
                let reversed = oddEven?(at: voxel) ?? 0
                for echo in 0..<times.count {
                  phases[echo] = oddEven?.isReversed[echo] == true ? reversed : 0
                  train[echo] = echoes[echo * voxels + voxel] * .turn(-phases[echo])
                }
                let scale = Self.normalize(train)
                let lane = voxel - range.lowerBound
                let decay: Decay, projection: DecayFit.Projection
                if let ratio {
                  decay = ratio.decay(matrices, gram.layout, lane: lane, phases: phases)
                  projection = fit.project(UnsafeBufferPointer(train), decay)
                } else {
                  (decay, projection) = fit(UnsafeBufferPointer(train))
                }
                let turn = Complex<Float>.turn(decay.frequency * times.first - projection.amplitude.angle)
                  .multiplied(by: scale.inverse)
                for echo in 0..<times.count {
                  echoes[echo * voxels + voxel] = (train[echo] * turn).multiplied(by: gram.scale.inverse)
                }
                maps[voxel] = times.wrapped(decay.frequency / (2 * .pi))
                maps[voxels + voxel] = decay.relaxation
                maps[2 * voxels + voxel] = projection.amplitude.length * scale.inverse
                maps[3 * voxels + voxel] = projection.misfit * scale.inverse * scale.inverse
              }
            }
          }
        }
      }
    }
    field = maps.part(at: 0)
    relaxation = maps.part(at: 1)
    amplitude = maps.part(at: 2)
    misfit = maps.part(at: 3)
  }

  /// Multiplies a voxel's echoes by the power of two that makes their largest component 1 to 2, for products of
  /// four of them.
  private static func normalize(_ train: UnsafeMutableBufferPointer<Complex<Float>>) -> SampleScale {
    let largest = train.reduce(0) { max($0, $1.magnitude) }
    guard let scale = SampleScale(largest: largest, within: 0...0) else { return .identity }
    for echo in train.indices { train[echo] = train[echo].multiplied(by: scale.factor) }
    return scale
  }
}
