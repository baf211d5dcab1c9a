import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// An inversion whose physics is written down and whose prior is a network, in turns.
///
/// ```
/// x <- argmin |D x - f|^2 + mu_0 |x|^2                                            = D f / (D^2 + mu_0)   in k-space
/// z <- x + net(x, first x, 3 D V (f - D x), f, mask, V, log sigma, h, b)
/// x <- argmin |D x - (D z + V (f - D z))|^2 + mu_k |x - z|^2                      = z + D V (f - D z) / (D^2 + mu_k)
/// ```
///
/// with `D` the dipole's kernel. The field is completed with that of the estimate where it is not
/// known: `V` is how far a voxel is trusted, 0 to 1. Weights follow the noise, `mu_k = exp(a_k + b_k log sigma)`. The unit is the
/// median of the field's magnitude where it is known, so that the scale passes through.
///
/// The network sees the static field along its first axis, or nearest to it; its constant channels are the logarithms of the
/// noise `sigma` and of the first two voxel sides over a cube's, and the static field's other two components.
struct PriorIteration {
  /// The channels of the network's input.
  static let channels = 11

  private let prior: NetworkDescription.Prior
  private let volume: NetworkVolume
  private let problem: InversionProblem

  init(
    _ file: NetworkFile, _ prior: NetworkDescription.Prior, _ problem: InversionProblem
  ) throws(QSMError) {
    (self.prior, self.problem) = (prior, problem)
    let grid = problem.grid
    volume = try NetworkVolume(
      file, matrix: grid.matrix, box: grid.box, order: Self.order(grid), inputChannels: Self.channels)
  }

  /// The array axes with the one along the static field first.
  private static func order(_ grid: WorkingGrid) -> [Int] {
    let field = alongArray(grid.fieldDirection)
    let first = (0..<3).max { abs(field[$0]) < abs(field[$1]) } ?? 0
    return [first] + (0..<3).filter { $0 != first }
  }

  private static func alongArray(_ vector: SIMD3<Double>) -> [Double] { [vector.z, vector.y, vector.x] }

  /// The constant channels.
  ///
  /// - Parameter noise: The field's deviation over its amplitude.
  private func constants(noise: Double) -> [Float] {
    let grid = problem.grid, order = Self.order(grid)
    let sizes = Self.alongArray(grid.voxelSize), field = Self.alongArray(grid.fieldDirection)
    let cube = Double.pow(sizes[0] * sizes[1] * sizes[2], 1.0 / 3)
    let sign = field[order[0]] < 0 ? -1.0 : 1
    return [
      NetworkDescription.Prior.level(noise), Double.log(sizes[order[0]] / cube),
      Double.log(sizes[order[1]] / cube), sign * field[order[1]], sign * field[order[2]],
    ].map { Float($0) }
  }

  /// The susceptibility [ppm] on the grid; zero outside its mask.
  ///
  /// - Parameters:
  ///   - dipole: The kernel, as ``DipoleKernel/factors`` are.
  ///   - trust: How far each voxel is trusted.
  ///   - deviation: The field's standard deviation where it is trusted [ppm].
  func callAsFunction(
    dipole: NDArray<Float>, trust: NDArray<Float>, deviation: Double
  ) throws(QSMError) -> NDArray<Float> {
    let mask = problem.grid.mask
    let amplitudes = problem.field.map { abs($0) }.sorted(within: trust.map { $0 > 0 })
    guard let unit = amplitudes.ranked(0.5), unit > 0 else { return problem.field.map { _ in 0 } }
    let noise = deviation / Double(unit), field = problem.field.map { $0 / unit }
    let transform = RealFourierTransform(shape: problem.grid.matrix.shape)
    var workspace = transform.makeWorkspace()
    func filtered(_ volume: NDArray<Float>, _ factors: NDArray<Float>) -> NDArray<Float> {
      var volume = volume
      transform.filter(&volume, workspace: &workspace, by: factors)
      return volume
    }
    /// What an estimate does not explain of the field.
    func rest(_ estimate: NDArray<Float>) -> NDArray<Float> {
      var rest = field.combined(with: filtered(estimate, dipole)) { $0 - $1 }
      rest.update(trust) { $0 * $1 }
      return rest
    }
    func inverse(_ iteration: Int) -> NDArray<Float> {
      let weight = prior.weight(iteration, noise: noise)
      return dipole.map { $0 / ($0 * $0 + weight) }
    }
    var x = filtered(field, inverse(0))
    x.keepOnly(mask)
    let first = x, inside = mask.map { Float($0 ? 1 : 0) }
    let constants = constants(noise: noise)
    for iteration in 1...prior.iterations {
      let residual = filtered(rest(x), dipole).map { 3 * $0 }
      let change = try volume([x, first, residual, field, inside, trust], constants: constants)[0]
      x.update(change) { $0 + $1 }
      x.keepOnly(mask)
      x.update(filtered(rest(x), inverse(iteration))) { $0 + $1 }
      x.keepOnly(mask)
    }
    return x.map { $0 * unit }
  }
}
