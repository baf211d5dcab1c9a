import NDArrays
import Numerics

/// How the distance of the model's field from the measured one is counted.
public enum DataFidelity: Sendable, Equatable {
  /// `1/2 w^2 (D chi - f)^2`, for noise alike everywhere or with known deviations.
  case quadratic
  /// `w^2 (1 - cos(a (D chi - f))) / a^2`, with `a` the phase of one part per million at an echo time [s]: whole
  /// turns do not count.
  ///
  /// - SeeAlso: C. Milovic et al., "Fast nonlinear susceptibility inversion with variational regularization", Magn
  ///   Reson Med 80:814, 2018, doi:10.1002/mrm.27073.
  case phase(echoTime: Double)
}

/// The step of the alternating directions that fits a field `y` to the measured one.
///
/// ```
/// y <- argmin fidelity(y) + 1/2 (y - v)^2,   v = D chi + s
/// s <- v - y
/// ```
struct FieldStep {
  /// The measured field [ppm].
  let field: NDArray<Float>
  /// The weights of its voxels, 1 for a typical one.
  var weights: NDArray<Float>
  let fidelity: DataFidelity
  /// The phase of one ppm per second of echo time [rad/(s ppm)].
  let phasePerSecond: Float
  private var dual: NDArray<Float>

  init(
    field: NDArray<Float>, weights: NDArray<Float>, fidelity: DataFidelity, phasePerSecond: Float
  ) {
    self.field = field
    self.weights = weights
    self.fidelity = fidelity
    self.phasePerSecond = phasePerSecond
    dual = NDArray(repeating: 0, shape: field.shape)
  }

  /// Replaces `D chi` by `y - s`, what the next susceptibility is fitted to.
  mutating func callAsFunction(_ values: inout NDArray<Float>) {
    switch fidelity {
    case .quadratic:
      step(&values) { v, f, w in (w * w * f + v) / (w * w + 1) }
    case .phase(let echoTime):
      let turn = phasePerSecond * Float(echoTime)
      step(&values) { v, f, w in
        let square = w * w
        var y = (square * f + v) / (square + 1)
        // The cost is not convex beyond a quarter turn; a slope of at least 1 keeps the steps short there.
        for _ in 0..<4 {
          let phase = turn * (y - f)
          y -= (square * Float.sin(phase) / turn + y - v) / max(1, square * Float.cos(phase) + 1)
        }
        return y
      }
    }
  }

  /// Trusts voxels less that a field does not explain, see ``TotalVariation/reweightings``.
  mutating func reweight(by model: NDArray<Float>, mask: NDArray<Bool>) {
    let residuals = model.combined(with: field) { abs($0 - $1) }
    var sample: [Float] = []
    residuals.withUnsafeBufferPointer { residuals in
      mask.withUnsafeBufferPointer { mask in
        for index in residuals.indices where mask[index] { sample.append(residuals[index]) }
      }
    }
    sample.sort()
    let limit = 6 * sample[sample.count / 2] / 0.674_489_75
    guard limit > 0 else { return }
    weights = weights.combined(with: residuals) { $0 / max(1, ($1 / limit) * ($1 / limit)) }
  }

  /// What a model leaves of the measured field [ppm]; zero outside the mask, and without whole turns where they do not
  /// count.
  func rest(from model: NDArray<Float>, mask: NDArray<Bool>) -> NDArray<Float> {
    var rest = field.combined(with: model) { $0 - $1 }
    if case .phase(let echoTime) = fidelity {
      let turn = 2 * Float.pi / (phasePerSecond * Float(echoTime))
      rest = rest.map { $0 - turn * ($0 / turn).rounded() }
    }
    rest.keepOnly(mask)
    return rest
  }

  /// The same, made smaller where the field is trusted less than in a typical voxel.
  func trustedRest(from model: NDArray<Float>, mask: NDArray<Bool>) -> NDArray<Float> {
    rest(from: model, mask: mask).combined(with: weights) { $0 * min($1 * $1, 1) }
  }

  /// The standard deviation of what a model leaves of the measured field in a typical voxel of the mask [ppm], from its
  /// median, which outliers do not move.
  func restDeviation(from model: NDArray<Float>, mask: NDArray<Bool>) -> Double {
    let rest = rest(from: model, mask: mask)
    var sample: [Float] = []
    rest.withUnsafeBufferPointer { rest in
      weights.withUnsafeBufferPointer { weights in
        mask.withUnsafeBufferPointer { mask in
          for index in rest.indices where mask[index] && weights[index] > 0 {
            sample.append(abs(rest[index]) * weights[index])
          }
        }
      }
    }
    guard !sample.isEmpty else { return 0 }
    sample.sort()
    return Double(sample[sample.count / 2]) / 0.674_489_75
  }

  @inline(__always)
  private mutating func step(
    _ values: inout NDArray<Float>, _ fitted: @Sendable (_ v: Float, _ f: Float, _ w: Float) -> Float
  ) {
    dual.withUnsafeMutableBufferPointer { dual in
      values.withUnsafeMutableBufferPointer { values in
        field.withUnsafeBufferPointer { field in
          weights.withUnsafeBufferPointer { weights in
            let (dual, values) = (SharedBuffer(dual), SharedBuffer(values))
            let (field, weights) = (SharedConstants(field), SharedConstants(weights))
            Parallelism.forEachBlock(of: values.elements.count, length: 1 << 15) { range in
              for index in range {
                let v = values[index] + dual[index]
                let y = fitted(v, field[index], weights[index])
                dual[index] = v - y
                values[index] = 2 * y - v
              }
            }
          }
        }
      }
    }
  }
}
