import FourierTransforms
import NDArrays
import Numerics

/// The alternating directions that total variation and the rapid two-step method share.
///
/// ```
/// min 1/2 chi^T H chi - g^T chi + |t rho E G chi|_1        H diagonal in k-space
/// ```
///
/// by iterations that need one filter each:
///
/// ```
/// chi <- (H + rho G^T G)^-1 g + rho (H + rho G^T G)^-1 G^T (z - u)
/// ```
struct AlternatingDirections {
  /// `1 / (H + rho |G|^2)`, zero where nothing determines a frequency.
  let inverse: NDArray<Float>

  private let attraction: NDArray<Float>
  private let transform: RealFourierTransform
  private var workspace: NDArray<Complex<Float>>
  private var passes: GradientPasses

  /// Prepares a problem.
  ///
  /// - Parameters:
  ///   - grid: The grid.
  ///   - penalty: rho.
  ///   - curvature: The spectrum of `H`.
  ///   - threshold: The threshold `t` of the gradient's shrinkage.
  ///   - weights: The factors `E` of the threshold, axes `[direction, z, y, x]`.
  init(
    _ grid: WorkingGrid, penalty: Float, curvature: NDArray<Float>, threshold: Double,
    weights: NDArray<Float>? = nil
  ) {
    // There and back in some twenty iterations.
    transform = RealFourierTransform(
      shape: grid.matrix.shape, planning: .suited(toElements: 40 * grid.matrix.count))
    workspace = transform.makeWorkspace()
    inverse = curvature.combined(with: DifferenceKernel(grid).squares) { curvature, square in
      let sum = curvature + penalty * square
      return sum > 0 ? 1 / sum : 0
    }
    // Nothing draws to a mean.
    var attraction = inverse.map { penalty * $0 }
    attraction.withUnsafeMutableBufferPointer { $0[0] = 0 }
    self.attraction = attraction
    passes = GradientPasses(grid, threshold: threshold, weights: weights)
  }

  /// Goes on with another threshold and other factors of it.
  mutating func setThreshold(_ threshold: Double, weights: NDArray<Float>?) {
    passes.threshold = Float(threshold)
    passes.weights = weights
  }

  /// Filters a volume in place.
  mutating func filter(_ volume: inout NDArray<Float>, by kernel: NDArray<Float>) {
    transform.filter(&volume, workspace: &workspace, by: kernel)
  }

  /// Iterates from `(H + rho G^T G)^-1 g`.
  mutating func solve(
    from constant: NDArray<Float>, tolerance: Double, maximumIterations: Int
  ) -> (solution: NDArray<Float>, iterations: Int, change: Double) {
    var solution = constant
    var iterations = 1, change = 1.0
    while iterations < maximumIterations && change >= tolerance {
      passes(solution, by: transform, into: &workspace)
      transform.filterColumns(of: &workspace, by: attraction)
      change = solution.replacePlanes(adding: constant) { replace in
        transform.inversePlanes(of: &workspace, taking: replace)
      }
      iterations += 1
    }
    return (solution, iterations, change)
  }

  /// How far iterations with a fitted field have come.
  struct State {
    /// The susceptibility.
    var solution: NDArray<Float>
    /// What the next susceptibility's field is fitted to.
    var target: NDArray<Float>
    /// The number of iterations so far, and the change of the last.
    var iterations = 0, change = 1.0

    init(field: NDArray<Float>) {
      solution = NDArray(repeating: 0, shape: field.shape)
      target = field
    }
  }

  /// Iterates with a field that is fitted to the measured one voxel by voxel, and to that of the susceptibility, from
  /// where an earlier call ended:
  /// `H = D^2 + ...`, `g = D (y - s)`.
  mutating func solve(
    _ state: inout State, fitting fieldStep: inout FieldStep, dipole: NDArray<Float>, penalty: Float,
    tolerance: Double, maximumIterations: Int
  ) {
    var workspaces = (workspace, transform.makeWorkspace())
    workspace = NDArray(repeating: .zero, shape: [0])
    // Of iterations that go on from where others ended, the first have hardly begun to move.
    let first = state.iterations == 0 ? 0 : state.iterations + 5
    let last = state.iterations + maximumIterations
    repeat {
      transform.forwardPlanes(of: state.target, into: &workspaces.0)
      // The first gradient is that of nothing.
      passes(state.solution, by: transform, into: &workspaces.1)
      dipole.withUnsafeBufferPointer { dipole in
        inverse.withUnsafeBufferPointer { inverse in
          let (dipole, inverse) = (SharedConstants(dipole), SharedConstants(inverse))
          transform.filterColumns(of: &workspaces) { offset, count, target, step in
            for index in 0..<count {
              let kernel = dipole[offset + index]
              let (a, b) = (kernel * inverse[offset + index], penalty * inverse[offset + index])
              let (t, s) = (target[index], step[index])
              // Nothing draws to a mean.
              let known: Float = offset + index == 0 ? 0 : 1
              let (real, imaginary) = (
                known * (a * t.real + b * s.real), known * (a * t.imaginary + b * s.imaginary)
              )
              step[index] = Complex(real, imaginary)
              target[index] = Complex(kernel * real, kernel * imaginary)
            }
          }
        }
      }
      state.change = state.solution.replacePlanes { replace in
        transform.inversePlanes(of: &workspaces.1, taking: replace)
      }
      transform.inversePlanes(of: &workspaces.0, into: &state.target)
      fieldStep(&state.target)
      state.iterations += 1
    } while state.iterations < last && (state.change >= tolerance || state.iterations < first)
    workspace = workspaces.0
  }
}
