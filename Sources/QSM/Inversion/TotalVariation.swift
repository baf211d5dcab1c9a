import FourierTransforms
import MRIData
import NDArrays

/// Susceptibility with sparse edges: dipole inversion with an L1 penalty on the gradient, by alternating directions.
///
/// ```
/// min 1/2 |W (D chi - f)|^2 + alpha/2 |chi|^2 + lambda |E G chi|_1
/// ```
///
/// with `f` and `chi` in ppm, `G` the forward differences per millimetre along the three axes, `W` the weights of the
/// data and `E` those of edges. One iteration, with `u` the scaled dual variable:
///
/// ```
/// chi <- (D^2 + alpha + rho G^T G)^-1 (D f + rho G^T (z - u))      in k-space
/// z   <- shrink(G chi + u, E lambda / rho)
/// u   <- u + G chi - z
/// ```
///
/// - SeeAlso: B. Bilgic et al., "Fast quantitative susceptibility mapping with L1-regularization and automatic
///   parameter selection", Magn Reson Med 72:1444, 2014, doi:10.1002/mrm.25029.
public struct TotalVariation: DipoleInversion {
  /// The weight of the gradient, lambda [ppm mm].
  public var regularization: Double
  /// The weight of the susceptibility's energy, alpha.
  public var energyWeight: Double
  /// The weight of the agreement of gradient and split gradient, rho; it changes the way, not the aim.
  public var penalty: Double
  /// The change relative to the map that ends the iterations.
  public var tolerance: Double
  /// The largest number of iterations.
  public var maximumIterations: Int
  /// What is computed on.
  public var region: WorkingRegion

  /// Creates the method.
  ///
  /// - Precondition: Weights are positive, that of the energy not negative; there is at least one iteration.
  public init(
    regularization: Double = 2e-4, energyWeight: Double = 0, penalty: Double = 2e-2, tolerance: Double = 1e-3,
    maximumIterations: Int = 250, region: WorkingRegion = .mask(margin: 0.016)
  ) {
    precondition(
      regularization > 0 && penalty > 0 && energyWeight >= 0,
      "weights of \(regularization), \(penalty) and \(energyWeight)")
    precondition(maximumIterations > 0, "\(maximumIterations) iterations")
    self.regularization = regularization
    self.energyWeight = energyWeight
    self.penalty = penalty
    self.tolerance = tolerance
    self.maximumIterations = maximumIterations
    self.region = region
  }

  /// Computes a susceptibility map.
  public func callAsFunction(_ measurement: FieldMeasurement) throws(QSMError) -> SusceptibilityMap {
    let problem = try InversionProblem(measurement, region: region)
    let transform = RealFourierTransform(shape: problem.grid.matrix.shape)
    var workspace = transform.makeWorkspace()
    let (alpha, rho) = (Float(energyWeight), Float(penalty))
    var kernel = DipoleKernel(problem.grid).factors
    var attraction = DifferenceKernel(problem.grid).squares
    kernel.withUnsafeMutableBufferPointer { kernel in
      attraction.withUnsafeMutableBufferPointer { squares in
        for index in kernel.indices {
          let inverse = kernel[index] * kernel[index] + alpha + rho * squares[index]
          // Nothing determines the mean.
          kernel[index] = inverse > 0 ? kernel[index] / inverse : 0
          squares[index] = inverse > 0 && index > 0 ? rho / inverse : 0
        }
      }
    }
    var fromField = problem.field
    transform.filter(&fromField, workspace: &workspace, by: kernel)
    var passes = GradientPasses(problem.grid, threshold: regularization / penalty, weights: nil)
    var (solution, step) = (fromField, fromField)
    var iterations = 1, change = 1.0
    while iterations < maximumIterations && change >= tolerance {
      passes(solution, into: &step)
      transform.filter(&step, workspace: &workspace, by: attraction)
      change = solution.becomeSum(of: fromField, and: step)
      iterations += 1
    }
    return problem.map(solution, iterations: iterations, change: change)
  }
}

extension NDArray<Float> {
  /// Replaces the elements by sums, and returns the norm of the change over that of the result.
  mutating func becomeSum(of first: NDArray<Float>, and second: NDArray<Float>) -> Double {
    let blocks = shape[0], length = count / shape[0]
    var sums = NDArray<Double>(repeating: 0, shape: [blocks, 2])
    withUnsafeMutableBufferPointer { values in
      first.withUnsafeBufferPointer { first in
        second.withUnsafeBufferPointer { second in
          sums.withUnsafeMutableBufferPointer { sums in
            let (values, sums) = (SharedBuffer(values), SharedBuffer(sums))
            let (first, second) = (SharedConstants(first), SharedConstants(second))
            Parallelism.forEach(blocks) { block in
              let range = block * length..<(block + 1) * length
              (sums[2 * block], sums[2 * block + 1]) = NormOfChange.replace(
                values[range], first[range], second[range])
            }
          }
        }
      }
    }
    let totals = sums.withUnsafeBufferPointer { sums in
      (0..<blocks).reduce(into: (0.0, 0.0)) {
        $0.0 += sums[2 * $1]
        $0.1 += sums[2 * $1 + 1]
      }
    }
    return totals.1 > 0 ? (totals.0 / totals.1).squareRoot() : 0
  }
}

/// Sums of squares with accumulators that vectorise.
enum NormOfChange {
  /// Replaces values by sums; the summed squares of the change and of the result.
  static func replace(
    _ values: UnsafeMutableBufferPointer<Float>, _ first: UnsafeBufferPointer<Float>,
    _ second: UnsafeBufferPointer<Float>
  ) -> (Double, Double) {
    var totals = (0.0, 0.0)
    // A few thousand squares of floats add up to seven digits; their sums are added in double precision.
    for start in stride(from: 0, to: values.count, by: 4096) {
      let end = min(start + 4096, values.count)
      var change = SIMD8<Float>.zero, norm = SIMD8<Float>.zero
      var index = start
      while index + 8 <= end {
        var sum = SIMD8<Float>(), old = SIMD8<Float>()
        for lane in 0..<8 {
          sum[lane] = first[index + lane] + second[index + lane]
          old[lane] = values[index + lane]
        }
        for lane in 0..<8 { values[index + lane] = sum[lane] }
        change += (sum - old) * (sum - old)
        norm += sum * sum
        index += 8
      }
      while index < end {
        let sum = first[index] + second[index]
        change[0] += (sum - values[index]) * (sum - values[index])
        norm[0] += sum * sum
        values[index] = sum
        index += 1
      }
      totals.0 += Double(change.sum())
      totals.1 += Double(norm.sum())
    }
    return totals
  }
}
