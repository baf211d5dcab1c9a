import MRIData
import NDArrays

/// The field that explains the unwrapped phases of all echoes, by weighted least squares.
///
/// ```
/// phi_e = [phi_0 +] 2 pi f TE_e         minimise sum_e w_e (phi_e - model)^2
/// sd(f) = sqrt(sum_e a_e^2 sigma_e^2)   for the estimate f = sum_e a_e phi_e, sigma_e = sigma / m_e
/// ```
///
/// `sigma` is the noise of the complex images; where it is not given, the misfit tells it.
public struct PhaseFit: Sendable, Equatable {
  /// The weight of an echo.
  public enum Weights: String, Sendable, CaseIterable {
    /// `m^2`: what noise of equal size in all echoes asks for.
    case magnitudeSquared
    /// `m TE`, with which ROMEO averages the fields `phi / (2 pi TE)` of the echoes.
    case phaseSNR
    /// `m`.
    case magnitude
    /// The same for all.
    case uniform
  }

  /// Whether the phase at `TE = 0` is fitted; else it is taken to be zero.
  public var hasIntercept: Bool
  /// The weight of an echo.
  public var weights: Weights

  /// Creates the method.
  public init(hasIntercept: Bool = true, weights: Weights = .magnitudeSquared) {
    self.hasIntercept = hasIntercept
    self.weights = weights
  }

  /// A field and what is known of it, axes `[z, y, x]`.
  public struct Result: Sendable {
    /// The field [Hz].
    public var field: NDArray<Float>
    /// Its standard deviation [Hz].
    ///
    /// Without a magnitude it is that of a magnitude of one. With no more echoes than unknowns, the scatter of the field
    /// in space tells the noise; `nil` if that is unknown too.
    public var noise: NDArray<Float>?
    /// The root mean square of the weighted misfit [rad].
    public var misfit: NDArray<Float>
  }

  /// Fits the field.
  ///
  /// - Parameters:
  ///   - phase: The unwrapped phase [rad], axes `[echo, z, y, x]`.
  ///   - echoTimes: The echo times [s].
  ///   - magnitude: The magnitude, of the same shape; 1 unless given.
  ///   - sigma: The standard deviation of the noise in the real and imaginary part.
  /// - Throws: ``PhaseUnwrappingError/echoTimes(_:needed:)`` if they do not fit the echoes, or a single echo is to have an
  ///   intercept.
  public func callAsFunction(
    _ phase: NDArray<Float>, echoTimes: [Double], magnitude: NDArray<Float>? = nil, sigma: Double? = nil
  ) throws(PhaseUnwrappingError) -> Result {
    precondition(phase.shape.count == 4, "phases of shape \(phase.shape) are not [echo, z, y, x]")
    precondition(
      magnitude == nil || magnitude?.shape == phase.shape,
      "magnitudes of shape \(magnitude?.shape ?? []) and phases of \(phase.shape)")
    let echoes = phase.shape[0], unknowns = hasIntercept ? 2 : 1
    guard echoTimes.count == echoes, echoes >= unknowns, echoTimes.allSatisfy({ $0 > 0 && $0.isFinite }),
      zip(echoTimes, echoTimes.dropFirst()).allSatisfy({ $0 < $1 })
    else { throw .echoTimes(echoTimes, needed: max(echoes, unknowns)) }
    let shape = Array(phase.shape[1...]), count = shape.reduce(1, *)
    var field = NDArray<Float>(repeating: 0, shape: shape), misfit = field, spread = field
    field.withUnsafeMutableBufferPointer { field in
      misfit.withUnsafeMutableBufferPointer { misfit in
        spread.withUnsafeMutableBufferPointer { spread in
          phase.withUnsafeBufferPointer { phase in
            magnitude.withPointer { magnitude in
              let (field, misfit, spread) = (SharedBuffer(field), SharedBuffer(misfit), SharedBuffer(spread))
              let phase = SharedConstants(phase), magnitude = Shared(magnitude)
              Parallelism.forEachBlock(of: count, length: 4096) { block in
                var weights = [Double](repeating: 1, count: echoes), sizes = weights
                for voxel in block {
                  for echo in 0..<echoes {
                    sizes[echo] = magnitude.value.map { Double($0[echo * count + voxel]) } ?? 1
                    weights[echo] = weight(sizes[echo], echoTimes[echo])
                  }
                  let fit = fit(echoTimes, weights, sizes) { Double(phase[$0 * count + voxel]) }
                  field[voxel] = Float(fit.field)
                  misfit[voxel] = Float(fit.misfit)
                  spread[voxel] = Float(fit.spread)
                }
              }
            }
          }
        }
      }
    }
    let level =
      sigma ?? Self.noise(misfit, magnitude, echoes: echoes, unknowns: unknowns)
      ?? Self.noise(scatterOf: field, spread: spread, magnitude)
    return Result(
      field: field, noise: level.map { level in spread.map { $0 * Float(level) } }, misfit: misfit)
  }

  private func weight(_ magnitude: Double, _ time: Double) -> Double {
    switch weights {
    case .magnitudeSquared: magnitude * magnitude
    // Of the averaged fields it is m TE; of the phases, which are fields times 2 pi TE, m / TE.
    case .phaseSNR: magnitude / time
    case .magnitude: magnitude
    case .uniform: 1
    }
  }

  /// The field, the misfit, and the field's standard deviation for a noise of one.
  @inline(__always)
  private func fit(
    _ times: [Double], _ weights: [Double], _ sizes: [Double], phase: (Int) -> Double
  ) -> (field: Double, misfit: Double, spread: Double) {
    // As ROMEO has it, the average of phi / TE with the weights m TE is not the slope of least squares of the same
    // weights: the weight of phi / TE in a fit through the origin is w TE^2 = m TE.
    var sum = 0.0, mean = 0.0, middle = 0.0
    for echo in times.indices {
      sum += weights[echo]
      mean += weights[echo] * times[echo]
    }
    middle = hasIntercept && sum > 0 ? mean / sum : 0
    var square = 0.0, product = 0.0, level = 0.0
    for echo in times.indices {
      let time = times[echo] - middle
      square += weights[echo] * time * time
      product += weights[echo] * time * phase(echo)
      level += weights[echo] * phase(echo)
    }
    guard square > 0, product.isFinite else { return (0, 0, 0) }
    let slope = product / square, origin = hasIntercept ? level / sum - slope * middle : 0
    var rest = 0.0, variance = 0.0
    for echo in times.indices {
      let difference = phase(echo) - origin - slope * times[echo]
      rest += weights[echo] * difference * difference
      let part = weights[echo] * (times[echo] - middle) / square
      if part != 0 { variance += part * part / (sizes[echo] * sizes[echo]) }
    }
    let turn = 2 * Double.pi
    return (slope / turn, (rest / sum).squareRoot(), variance.squareRoot() / turn)
  }

  /// The noise of the images from the misfit of bright voxels: its median, made up for what the fit takes away.
  private static func noise(
    _ misfit: NDArray<Float>, _ magnitude: NDArray<Float>?, echoes: Int, unknowns: Int
  ) -> Double? {
    guard echoes > unknowns else { return nil }
    let volume = misfit.count
    var values: [Float] = []
    let first = magnitude?.part(at: 0)
    let limit = first.map { RobustThreshold($0).value } ?? 0
    misfit.withUnsafeBufferPointer { misfit in
      first.withPointer { first in
        magnitude.withPointer { magnitude in
          for voxel in 0..<volume where (first?[voxel] ?? 1) > limit {
            let size = magnitude.map { magnitude in
              (0..<echoes).reduce(Float(0)) {
                $0 + magnitude[$1 * volume + voxel] * magnitude[$1 * volume + voxel]
              }
            }
            values.append(misfit[voxel] * ((size ?? Float(echoes)) / Float(echoes)).squareRoot())
          }
        }
      }
    }
    guard !values.isEmpty else { return nil }
    values.sort()
    // The median of a root mean square of so few residuals lies below it.
    let freedom = Double(echoes - unknowns)
    return Double(values[values.count / 2]) * (Double(echoes) / medianOfSquares(freedom)).squareRoot()
  }

  /// The median of the sum of so many squares of normal numbers of deviation one.
  ///
  /// - SeeAlso: E. B. Wilson, M. M. Hilferty, "The distribution of chi-square", Proc Natl Acad Sci 17:684, 1931,
  ///   doi:10.1073/pnas.17.12.684.
  private static func medianOfSquares(_ count: Double) -> Double {
    if count < 1.5 { return 0.454_936 }
    if count < 2.5 { return 1.386_294 }
    let share = 1 - 2 / (9 * count)
    return count * share * share * share
  }

  /// The noise of the images from how the field scatters over the typical deviation for a noise of one, in bright voxels.
  private static func noise(
    scatterOf field: NDArray<Float>, spread: NDArray<Float>, _ magnitude: NDArray<Float>?
  ) -> Double? {
    let first = magnitude?.part(at: 0)
    let limit = first.map { RobustThreshold($0).value } ?? 0
    let size = first ?? spread.map { _ in Float(1) }
    let mask = size.combined(with: spread) { $0 > limit && $1 > 0 && $1.isFinite ? 1 : 0 }.map { $0 == 1 }
    // Deviations are not divided by one by one: their texture would be taken for noise of a strong field.
    var typical = spread
    typical.keepOnly(mask)
    let sample = typical.withUnsafeBufferPointer { $0.filter { $0 > 0 } }.sorted()
    guard !sample.isEmpty else { return nil }
    let scatter = FieldDeviation.estimate(field, mask: mask) / Double(sample[sample.count / 2])
    return scatter > 0 ? scatter : nil
  }
}
