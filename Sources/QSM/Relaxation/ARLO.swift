import MRIData
import NDArrays

/// R2* from magnitudes by auto-regression on linear operations.
///
/// ```
/// S_i = dTE / 3 (m_i + 4 m_(i+1) + m_(i+2)),   d_i = m_i - m_(i+2)
/// R2* = (sum S d + dTE / 3 sum d^2) / (sum S^2 + dTE / 3 sum S d)
/// ```
///
/// Simpson's rule makes the integral of the decay linear in its ends; the estimate is as robust as a nonlinear fit
/// and as fast as a logarithm's. It is exact to the fourth order of `R2* dTE`.
///
/// - SeeAlso: M. Pei et al., "Algorithm for fast monoexponential fitting based on auto-regression on linear operations
///   (ARLO) of data", Magn. Reson. Med. 73(2):843-850, 2015, doi:10.1002/mrm.25137.
public struct ARLO: Sendable {
  /// Creates the method.
  public init() {}

  /// Fits the decay.
  ///
  /// - Parameters:
  ///   - magnitude: The magnitudes, axes `[echo, z, y, x]`.
  ///   - echoTimes: The echo times [s], at least three, equally spaced.
  /// - Returns: R2* [1/s], zero where there is no signal or no decay.
  /// - Throws: ``QSMError/notEquallySpaced(_:)`` if the echo times are not.
  public func callAsFunction(
    _ magnitude: NDArray<Float>, echoTimes: [Double]
  ) throws(QSMError) -> NDArray<Float> {
    let echoes = magnitude.shape[0], shape = Array(magnitude.shape[1...]), count = shape.reduce(1, *)
    let steps = zip(echoTimes.dropFirst(), echoTimes).map { $0 - $1 }
    guard echoes == echoTimes.count, echoes >= 3, let step = steps.first, step > 0,
      steps.allSatisfy({ abs($0 - step) < 1e-3 * step })
    else { throw .notEquallySpaced(echoTimes) }
    let third = step / 3
    return NDArray(uninitializedShape: shape) { target in
      magnitude.withUnsafeBufferPointer { values in
        let target = SharedBuffer(target), values = SharedConstants(values)
        Parallelism.forEachBlock(of: count, length: 8192) { block in
          for voxel in block {
            var squares = 0.0, products = 0.0, differences = 0.0
            for echo in 0..<echoes - 2 {
              let first = Double(values[echo * count + voxel])
              let middle = Double(values[(echo + 1) * count + voxel])
              let last = Double(values[(echo + 2) * count + voxel])
              let integral = third * (first + 4 * middle + last), difference = first - last
              squares += integral * integral
              products += integral * difference
              differences += difference * difference
            }
            let rate = (products + third * differences) / (squares + third * products)
            target[voxel] = rate.isFinite && rate > 0 ? Float(rate) : 0
          }
        }
      }
    }
  }
}
