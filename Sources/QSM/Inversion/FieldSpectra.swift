import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// How much of a field is made by susceptibility and how much by anything else, shell by shell of k-space.
///
/// Susceptibility makes no field on the dipole's cone, `D = 0`; what a field has there are noise and errors, models'
/// included. So their power, and that of susceptibility, follow from the field alone, by a line in every shell:
///
/// ```
/// <|f^|^2> = S D^2 + N
/// ```
///
/// with both taken to depend on `|k|` only. The line is weighted by the inverse squares of its own values, as the
/// scatter of powers asks.
struct FieldSpectra {
  /// The power of susceptibility in a shell, S.
  let susceptibility: [Double]
  /// The power of noise and errors in a shell, N.
  let errors: [Double]
  /// The part of susceptibility's power that the best linear estimate has, 0 to 1.
  let share: Double

  private let shells: Shells

  /// Finds the spectra of a field.
  ///
  /// - Parameters:
  ///   - field: The field, zero where it is not known.
  ///   - dipole: The kernel, as ``DipoleKernel/factors`` are.
  ///   - grid: The grid.
  init(_ field: NDArray<Float>, dipole: NDArray<Float>, on grid: WorkingGrid) {
    shells = Shells(grid)
    let table = shells.table(of: RealFourierTransform(shape: field.shape).forward(field), dipole: dipole)
    var susceptibility: [Double] = [], errors: [Double] = []
    for shell in 0..<shells.count {
      let line = Self.line(through: table[shell])
      susceptibility.append(line.slope)
      errors.append(line.level)
    }
    // The innermost shell has a handful of frequencies, which no line can be drawn through.
    if shells.count > 1 {
      susceptibility[0] = max(susceptibility[0], susceptibility[1])
      errors[0] = max(errors[0], errors[1])
    }
    var found = 0.0, all = 0.0
    for shell in 0..<shells.count {
      for bin in table[shell] where bin.count > 0 {
        let power = susceptibility[shell], seen = power * bin.square / bin.count
        all += bin.count * power
        found += seen > 0 ? bin.count * power * seen / (seen + errors[shell]) : 0
      }
    }
    (self.susceptibility, self.errors) = (susceptibility, errors)
    share = all > 0 ? found / all : 0
  }

  /// The factors of the best linear estimate of susceptibility from its field, `D S / (D^2 S + N)`.
  ///
  /// - SeeAlso: N. Wiener, "Extrapolation, interpolation, and smoothing of stationary time series", MIT Press, 1949.
  func factors(_ dipole: NDArray<Float>) -> NDArray<Float> {
    let ratios = zip(susceptibility, errors).map { Float($0 > 0 ? max($1, 1e-12 * $0) / $0 : .infinity) }
    var factors = dipole
    factors.withUnsafeMutableBufferPointer { factors in
      shells.forEachRow { start, numbers in
        for (index, shell) in numbers.enumerated() {
          let kernel = factors[start + index]
          factors[start + index] = kernel / (kernel * kernel + ratios[Int(shell)])
        }
      }
      // Nothing tells the mean.
      factors[0] = 0
    }
    return factors
  }

  /// The line through the powers of a shell, neither of its parts negative.
  private static func line(through bins: [Shells.Bin]) -> (slope: Double, level: Double) {
    let bins = bins.filter { $0.count > 0 }
    let points = bins.map { (square: $0.square / $0.count, power: $0.power / $0.count, count: $0.count) }
    let count = points.reduce(0) { $0 + $1.count }
    guard count > 0 else { return (0, 0) }
    let mean = points.reduce(0) { $0 + $1.count * $1.power } / count
    var line = (slope: 0.0, level: mean)
    guard mean > 0 else { return line }
    for _ in 0..<4 {
      var (s, x, xx, y, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for point in points {
        let expected = line.level + line.slope * point.square
        let weight = point.count / (expected * expected)
        s += weight
        x += weight * point.square
        xx += weight * point.square * point.square
        y += weight * point.power
        xy += weight * point.square * point.power
      }
      let determinant = s * xx - x * x
      guard determinant > 1e-9 * s * xx else { break }
      line = ((s * xy - x * y) / determinant, (xx * y - x * xy) / determinant)
      if line.slope < 0 { line = (0, mean) }
      if line.level < 1e-3 * mean { line = (max(xy / xx, 0), 1e-3 * mean) }
    }
    return line
  }
}

/// The shells of equal thickness of a grid's k-space.
private struct Shells {
  /// The sums over the frequencies of a shell whose kernel is alike.
  struct Bin {
    var count = 0.0, square = 0.0, power = 0.0
  }

  let count: Int
  private let matrix: Extents
  private let squares: [[Double]]
  private let scale: Double

  init(_ grid: WorkingGrid) {
    matrix = grid.matrix
    squares = (0..<3).map { axis in
      DipoleKernel.frequencies(grid.matrix[axis], voxelSize: grid.voxelSize[axis]).map { $0 * $0 }
    }
    let highest = squares.reduce(0) { $0 + ($1.max() ?? 0) }.squareRoot()
    count = min(40, max(1, max(matrix.x, matrix.y, matrix.z) / 4))
    scale = highest > 0 ? Double(count) / highest : 0
  }

  /// Calls a closure with the offset of every row of a half spectrum and the shells that its elements lie in.
  func forEachRow(_ body: (_ start: Int, _ shells: [UInt8]) -> Void) {
    let half = matrix.x / 2 + 1, last = Double(count - 1)
    var shells = [UInt8](repeating: 0, count: half)
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        let square = squares[2][z] + squares[1][y]
        for x in 0..<half { shells[x] = UInt8(min((square + squares[0][x]).squareRoot() * scale, last)) }
        body((z * matrix.y + y) * half, shells)
      }
    }
  }

  /// The sums over each shell's frequencies, by the magnitude of the kernel.
  func table(of spectrum: NDArray<Complex<Float>>, dipole: NDArray<Float>) -> [[Bin]] {
    let bins = 32, half = matrix.x / 2 + 1
    var table = [Bin](repeating: Bin(), count: count * bins)
    spectrum.withUnsafeBufferPointer { spectrum in
      dipole.withUnsafeBufferPointer { dipole in
        forEachRow { start, shells in
          for x in 0..<half where start + x > 0 {
            let value = spectrum[start + x], kernel = dipole[start + x]
            // The other half of the spectrum is its conjugate.
            let weight = x == 0 || 2 * x == matrix.x ? 1.0 : 2
            let place = Int(shells[x]) * bins + min(Int(abs(kernel) * 1.5 * Float(bins)), bins - 1)
            table[place].count += weight
            table[place].square += weight * Double(kernel * kernel)
            table[place].power += weight * Double(value.real * value.real + value.imaginary * value.imaginary)
          }
        }
      }
    }
    return (0..<count).map { Array(table[$0 * bins..<($0 + 1) * bins]) }
  }
}
