import Numerics

/// The phase by which images of reversed readouts differ from those of forward ones.
///
/// ```
/// phase(x) = constant + slope (x - N / 2)        half of it is taken from reversed lines, half given to forward ones
/// ```
///
/// Delays between gradient and receiver shift the lines of both directions apart, which is the slope; eddy currents of the
/// main field make the constant. See Bruder et al., Magn Reson Med 1992;23:311, doi:10.1002/mrm.1910230211.
struct OddEvenPhase: Sendable, Equatable {
  /// The phase in the middle of the field of view [rad].
  var constant: Double
  /// The rise per voxel of the encoded grid [rad].
  var slope: Double

  static let zero = OddEvenPhase(constant: 0, slope: 0)

  static func + (a: OddEvenPhase, b: OddEvenPhase) -> OddEvenPhase {
    OddEvenPhase(constant: a.constant + b.constant, slope: a.slope + b.slope)
  }

  /// How far readouts of the two directions are apart, in steps of a grid along `kx`.
  func shift(onGridOf extent: Int) -> Double { slope * Double(extent) / (2 * .pi) }

  /// The phase factors that bring one direction's readout to the mean of both, at each voxel along `x`.
  func factors(isReversed: Bool, extent: Int) -> [Complex<Float>] {
    let half = isReversed ? -0.5 : 0.5
    return (0..<extent).map {
      Complex(length: 1, phase: Float(half * (constant + slope * Double($0 - extent / 2))))
    }
  }
}

extension OddEvenPhase {
  /// The phase that best explains products of reversed with conjugate forward images at each voxel.
  ///
  /// The slope first from neighbours, which knows no multiples of 2 pi, then both by least squares.
  init(products: [Complex<Double>]) {
    let middle = products.count / 2
    var steps = Complex<Double>.zero
    for (product, next) in zip(products, products.dropFirst()) { steps += next * product.conjugate }
    self = OddEvenPhase(constant: 0, slope: steps == .zero ? 0 : steps.phase)
    var sum = Complex<Double>.zero
    for (x, product) in products.enumerated() {
      sum += product * Complex(length: 1, phase: -slope * Double(x - middle))
    }
    constant = sum == .zero ? 0 : sum.phase
    for _ in 0..<3 {
      var (w, wx, wxx, wp, wxp) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for (index, product) in products.enumerated() where product != .zero {
        let x = Double(index - middle)
        let rest = (product * Complex(length: 1, phase: -constant - slope * x)).phase
        // Noise is where the products are small; its phases are no outliers then.
        let weight = product.length
        w += weight
        wx += weight * x
        wxx += weight * x * x
        wp += weight * rest
        wxp += weight * rest * x
      }
      let determinant = w * wxx - wx * wx
      guard determinant > 1e-12 * w * wxx else { return }
      constant += (wxx * wp - wx * wxp) / determinant
      slope += (w * wxp - wx * wp) / determinant
    }
  }
}
