import Numerics

/// The sign of a transform's exponent.
enum Direction: Int32, Sendable {
  case forward = -1
  case inverse = 1
}

/// The phases that turn FFTW's transform, whose origin is element 0, into a centred one.
///
/// With `c = n / 2` and the exponent's sign `s`, the product `(k - c) (r - c)` falls apart into
///
/// ```
/// exp(s 2 pi i (k - c) (r - c) / n) = b[k] exp(s 2 pi i k r / n) a[r]
/// a[r] = exp(-s 2 pi i c r / n)     b[k] = exp(-s 2 pi i c (k - c) / n)
/// ```
///
/// For even `n` both are signs, `(-1)^r` and `(-1)^(k - c)`.
enum CentringPhases {
  /// The factors `a` before the transform.
  static func before(extent: Int, direction: Direction) -> [Complex<Float>] {
    (0..<extent).map { phase(extent / 2 * $0, extent, direction) }
  }

  /// The factors `b` after the transform.
  static func after(extent: Int, direction: Direction) -> [Complex<Float>] {
    (0..<extent).map { phase(extent / 2 * ($0 - extent / 2), extent, direction) }
  }

  /// `exp(-s 2 pi i numerator / n)`, exact where it is a sign.
  private static func phase(_ numerator: Int, _ extent: Int, _ direction: Direction) -> Complex<Float> {
    let turn = (numerator % extent + extent) % extent
    if turn == 0 { return 1 }
    if 2 * turn == extent { return -1 }
    let angle = -Double(direction.rawValue) * 2 * .pi * Double(turn) / Double(extent)
    return Complex(Float(Double.cos(angle)), Float(Double.sin(angle)))
  }
}

/// Factors of the elements of a block that are products of one factor per axis.
struct Modulation: Sendable {
  /// The product of the factors of all axes but the last, one for each row.
  private let rows: [Complex<Float>]
  /// The factors along a row.
  private let elements: RowFactors

  /// Creates the products of one factor per axis, the last axis running fastest.
  ///
  /// - Parameters:
  ///   - factors: The factors along each axis.
  ///   - isReal: Whether neither the factors nor the constants they will be multiplied with have imaginary parts.
  init(_ factors: [[Complex<Float>]], isReal: Bool) {
    let outer = factors.dropLast()
    rows = outer.reduce([1]) { products, axis in products.flatMap { product in axis.map { product * $0 } } }
    elements = RowFactors(factors.last ?? [1], isReal: isReal)
  }

  /// Multiplies a block with its factors and a constant.
  func apply(to block: UnsafeMutablePointer<Complex<Float>>, times constant: Complex<Float> = 1) {
    for (row, factor) in rows.enumerated() {
      elements.multiply(block + row * elements.count, times: factor * constant)
    }
  }

  /// The factors of a range of elements.
  func factors(of range: Range<Int>) -> RowFactors {
    RowFactors(
      range.map { rows[$0 / elements.count] * elements[$0 % elements.count] },
      isReal: elements.isReal)
  }
}

/// One factor per element of a row, laid out so that multiplying with signs costs no complex arithmetic.
struct RowFactors: Sendable {
  let count: Int
  let isReal: Bool
  /// Two numbers per element: the real part twice if all factors are real, else real and imaginary part.
  private let values: [Float]

  init(_ factors: [Complex<Float>], isReal: Bool) {
    count = factors.count
    self.isReal = isReal
    values = [Float](unsafeUninitializedCapacity: 2 * factors.count) { values, initialized in
      for (index, factor) in factors.enumerated() {
        values[2 * index] = factor.real
        values[2 * index + 1] = isReal ? factor.real : factor.imaginary
      }
      initialized = 2 * factors.count
    }
  }

  subscript(_ index: Int) -> Complex<Float> {
    Complex(values[2 * index], isReal ? 0 : values[2 * index + 1])
  }

  /// `row[i] *= factors[i] * constant`; the constant is real if the factors are.
  func multiply(_ row: UnsafeMutablePointer<Complex<Float>>, times constant: Complex<Float>) {
    let target = UnsafeMutableRawPointer(row).assumingMemoryBound(to: Float.self)
    values.withUnsafeBufferPointer { factors in
      if isReal {
        let constant = constant.real
        for index in 0..<2 * count { target[index] *= factors[index] * constant }
      } else {
        for index in 0..<count {
          row[index] *= Complex(factors[2 * index], factors[2 * index + 1]) * constant
        }
      }
    }
  }

  /// `target[i] = source[i] * factors[i] * constant`; the constant is real if the factors are.
  func multiply(
    _ source: UnsafePointer<Complex<Float>>, times constant: Complex<Float>,
    into target: UnsafeMutablePointer<Complex<Float>>, count: Int
  ) {
    let numbers = UnsafeRawPointer(source).assumingMemoryBound(to: Float.self)
    let products = UnsafeMutableRawPointer(target).assumingMemoryBound(to: Float.self)
    values.withUnsafeBufferPointer { factors in
      if isReal {
        let constant = constant.real
        for index in 0..<2 * count { products[index] = numbers[index] * (factors[index] * constant) }
      } else {
        for index in 0..<count {
          target[index] = source[index] * (Complex(factors[2 * index], factors[2 * index + 1]) * constant)
        }
      }
    }
  }
}
