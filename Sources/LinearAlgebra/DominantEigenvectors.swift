import NDArrays

extension HermitianPacks {
  /// The dominant eigenvector of each matrix of one pack, of unit length, and its eigenvalue.
  ///
  /// Power iteration from the row with the largest diagonal element, which cannot be orthogonal to the result
  /// where one signal dominates. The error shrinks by the ratio of the two largest eigenvalues in each
  /// step, so that voxels with signal need few; voxels of noise, whose eigenvector means nothing, end at
  /// the limit. A zero matrix has a zero vector; NaN stays in its lane.
  ///
  /// - Parameters:
  ///   - pack: The matrices, all diagonals kept.
  ///   - real: Receives the real parts, `order` vectors.
  ///   - imaginary: Receives the imaginary parts, `order` vectors.
  /// - Returns: The eigenvalue in each lane.
  /// - Precondition: All diagonals are kept.
  public func dominantEigenvector(
    _ pack: UnsafePointer<Lanes>, real: UnsafeMutablePointer<Lanes>, imaginary: UnsafeMutablePointer<Lanes>
  ) -> Lanes {
    precondition(bandwidth == order - 1, "an eigenvector needs all of the matrix")
    let trace = trace(pack)
    // Scaled by the trace, eigenvalues are at most 1 and no square underflows.
    let scale = Self.reciprocal(trace)
    startAtLargestDiagonal(pack, real, imaginary)
    return withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 2 * order) { product in
      guard let re = product.baseAddress else { return .zero }
      let im = re + order
      var eigenvalue = Lanes.zero
      for _ in 0..<Self.iterationLimit {
        multiply(pack, real, imaginary, into: re, im)
        for row in 0..<order {
          re[row] *= scale
          im[row] *= scale
        }
        eigenvalue = Self.normalize(re, im, order)
        var change = Lanes.zero
        for row in 0..<order {
          let a = re[row] - real[row], b = im[row] - imaginary[row]
          change += a * a + b * b
          real[row] = re[row]
          imaginary[row] = im[row]
        }
        if !any(change .> Self.tolerance) { break }
      }
      return eigenvalue * trace
    }
  }

  private static let iterationLimit = 32
  /// The squared change at which to stop: ten roundings of a unit vector.
  private static let tolerance: Float = 1e-12

  /// One over each value; 0 for zero and for subnormal numbers, whose reciprocal may be infinite.
  @inline(__always)
  private static func reciprocal(_ values: Lanes) -> Lanes {
    (1 / values).replacing(with: 0, where: values .< .leastNormalMagnitude)
  }

  /// Scales vectors to unit length and returns the length that they had.
  @inline(__always)
  private static func normalize(
    _ real: UnsafeMutablePointer<Lanes>, _ imaginary: UnsafeMutablePointer<Lanes>, _ order: Int
  ) -> Lanes {
    var square = Lanes.zero
    for row in 0..<order { square += real[row] * real[row] + imaginary[row] * imaginary[row] }
    let length = square.squareRoot(), factor = reciprocal(length)
    for row in 0..<order {
      real[row] *= factor
      imaginary[row] *= factor
    }
    return length
  }

  /// The product of each matrix with its vector; every entry serves its mirror image too.
  @inline(__always)
  private func multiply(
    _ pack: UnsafePointer<Lanes>, _ real: UnsafePointer<Lanes>, _ imaginary: UnsafePointer<Lanes>,
    into productReal: UnsafeMutablePointer<Lanes>, _ productImaginary: UnsafeMutablePointer<Lanes>
  ) {
    var cell = pack
    for row in 0..<order {
      let a = real[row], b = imaginary[row]
      var re = Lanes.zero, im = Lanes.zero
      for column in 0..<row {
        let g = cell[0], h = cell[1], c = real[column], d = imaginary[column]
        re += g * c - h * d
        im += g * d + h * c
        productReal[column] += g * a + h * b
        productImaginary[column] += g * b - h * a
        cell += 2
      }
      productReal[row] = re + cell[0] * a
      productImaginary[row] = im + cell[0] * b
      cell += 1
    }
  }

  /// Unit vectors along the row with the largest diagonal element, the first of equal ones.
  @inline(__always)
  func startAtLargestDiagonal(
    _ pack: UnsafePointer<Lanes>, _ real: UnsafeMutablePointer<Lanes>,
    _ imaginary: UnsafeMutablePointer<Lanes>
  ) {
    var largest = Lanes(repeating: -1)
    for row in 0..<order {
      // In row k, the diagonal ends the first (k + 1)^2 vectors of a full matrix.
      let diagonal = pack[(row + 1) * (row + 1) - 1]
      let isLarger = diagonal .> largest
      largest.replace(with: diagonal, where: isLarger)
      for earlier in 0..<row { real[earlier].replace(with: 0, where: isLarger) }
      real[row] = Lanes.zero.replacing(with: 1, where: isLarger)
      imaginary[row] = .zero
    }
  }
}
