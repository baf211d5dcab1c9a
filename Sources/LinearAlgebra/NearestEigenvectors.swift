import NDArrays

extension HermitianPacks {
  /// The eigenvector of the eigenvalue nearest to a bound of all eigenvalues, of unit length, and its eigenvalue.
  ///
  /// ```
  /// v <- (b 1 - M)^(-1) v,  normalised
  /// ```
  ///
  /// Inverse iteration: where the largest eigenvalue nearly reaches the bound, two or three steps part it from another one
  /// close below, for which the power iteration would take hundreds.
  ///
  /// - Parameters:
  ///   - pack: The matrices, all diagonals kept, with eigenvalues in `0...bound`.
  ///   - bound: The bound `b`, a little above the largest eigenvalue, so that factors are positive.
  ///   - real: Receives the real parts, `order` vectors.
  ///   - imaginary: Receives the imaginary parts, `order` vectors.
  /// - Returns: The eigenvalue in each lane.
  /// - Precondition: All diagonals are kept.
  public func eigenvector(
    of pack: UnsafePointer<Lanes>, nearestTo bound: Float, real: UnsafeMutablePointer<Lanes>,
    imaginary: UnsafeMutablePointer<Lanes>
  ) -> Lanes {
    precondition(bandwidth == order - 1, "an eigenvector needs all of the matrix")
    return withUnsafeTemporaryAllocation(of: Lanes.self, capacity: stride + 3 * order) { memory in
      guard let factor = memory.baseAddress else { return .zero }
      let scratch = factor + stride
      factorise(pack, bound, into: factor, scratch)
      startAtLargestDiagonal(pack, real, imaginary)
      var eigenvalue = Lanes.zero
      for _ in 0..<Self.stepLimit {
        solve(factor, real, imaginary)
        // The length of (b - M)^(-1) v tends to 1 / (b - lambda).
        var square = Lanes.zero
        for row in 0..<order { square += real[row] * real[row] + imaginary[row] * imaginary[row] }
        let scale = 1 / square.squareRoot()
        for row in 0..<order {
          real[row] *= scale
          imaginary[row] *= scale
        }
        let last = eigenvalue
        eigenvalue = bound - scale
        let change = eigenvalue - last
        if !any(change * change .> Self.eigenvalueTolerance * Self.eigenvalueTolerance) { break }
      }
      return eigenvalue
    }
  }

  private static let stepLimit = 8
  /// The change of the eigenvalue at which to stop; that of the vector is about its root.
  private static let eigenvalueTolerance: Float = 1e-6
  /// The smallest pivot, for bounds that rounding errors exceed.
  private static let smallestPivot: Float = 1e-6

  /// The factors `L D L^H` of `b 1 - M`, in the layout of the matrix: `L` below the diagonal, `1 / D` on it.
  @inline(__always)
  private func factorise(
    _ pack: UnsafePointer<Lanes>, _ bound: Float, into factor: UnsafeMutablePointer<Lanes>,
    _ scratch: UnsafeMutablePointer<Lanes>
  ) {
    for row in 0..<order {
      // Row k starts behind k^2 vectors.
      let start = row * row
      var pivot = bound - pack[start + 2 * row]
      for column in 0..<row {
        var re = -pack[start + 2 * column], im = -pack[start + 2 * column + 1]
        let other = factor + column * column
        for inner in 0..<column {
          // scratch holds L D of this row.
          let a = scratch[2 * inner], b = scratch[2 * inner + 1]
          let c = other[2 * inner], d = other[2 * inner + 1]
          re -= a * c + b * d
          im -= b * c - a * d
        }
        scratch[2 * column] = re
        scratch[2 * column + 1] = im
        let inverse = other[2 * column]
        factor[start + 2 * column] = re * inverse
        factor[start + 2 * column + 1] = im * inverse
        pivot -= (re * re + im * im) * inverse
      }
      factor[start + 2 * row] = 1 / pointwiseMax(pivot, Lanes(repeating: Self.smallestPivot))
    }
  }

  /// Solves with the factors, in place.
  @inline(__always)
  private func solve(
    _ factor: UnsafePointer<Lanes>, _ real: UnsafeMutablePointer<Lanes>,
    _ imaginary: UnsafeMutablePointer<Lanes>
  ) {
    for row in 0..<order {
      let cells = factor + row * row
      var re = real[row], im = imaginary[row]
      for column in 0..<row {
        let a = cells[2 * column], b = cells[2 * column + 1]
        re -= a * real[column] - b * imaginary[column]
        im -= a * imaginary[column] + b * real[column]
      }
      real[row] = re
      imaginary[row] = im
    }
    for row in 0..<order {
      let inverse = factor[row * row + 2 * row]
      real[row] *= inverse
      imaginary[row] *= inverse
    }
    for row in (0..<order).reversed() {
      let cells = factor + row * row
      let re = real[row], im = imaginary[row]
      for column in 0..<row {
        let a = cells[2 * column], b = cells[2 * column + 1]
        real[column] -= a * re + b * im
        imaginary[column] -= a * im - b * re
      }
    }
  }
}
