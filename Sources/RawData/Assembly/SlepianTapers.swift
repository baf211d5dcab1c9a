import Foundation
import LinearAlgebra
import NDArrays
import Numerics

/// Weights for an unbroken run of k-space samples that tell signal within a central part of the field of view from
/// signal beyond it, as sharply as so few samples can: discrete prolate spheroidal sequences.
///
/// Source: Slepian 1978, doi:10.1002/j.1538-7305.1978.tb02104.x.
struct SlepianTapers {
  /// Sequences that see the part, axes `[k, sample]`.
  let inside: [[Complex<Float>]]
  /// Sequences that see at most 1e-4 of the power within the part.
  let outside: [[Complex<Float>]]

  /// - Parameters:
  ///   - count: The number of samples.
  ///   - part: The share of the field of view, 0 to 1, about its middle.
  init(count: Int, part: Double) throws(LinearAlgebraError) {
    var kernel = NDArray<Complex<Float>>(repeating: .zero, shape: [count, count])
    for m in 0..<count {
      for n in 0..<count {
        let step = Double.pi * Double(m - n)
        kernel[m, n] = Complex(Float(m == n ? part : sin(part * step) / step))
      }
    }
    let system = try HermitianEigensystem(of: kernel)
    func sequences(_ isWanted: (Float) -> Bool) -> [[Complex<Float>]] {
      system.values.indices.filter { isWanted(system.values[$0]) }.map { k in
        (0..<count).map { system.vectors[k, $0] }
      }
    }
    inside = sequences { $0 > 0.5 }
    outside = sequences { $0 < 1e-4 }
  }

  /// The mean power that sequences see in samples.
  static func power(of samples: [Complex<Float>], seenBy sequences: [[Complex<Float>]]) -> Double {
    let powers = sequences.map { sequence in
      var sum = Complex<Double>.zero
      for (a, b) in zip(sequence, samples) {
        let product = a.conjugate * b
        sum += Complex(Double(product.real), Double(product.imaginary))
      }
      return sum.lengthSquared
    }
    return powers.reduce(0, +) / Double(max(1, powers.count))
  }
}
