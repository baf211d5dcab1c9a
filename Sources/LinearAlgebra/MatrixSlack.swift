import NDArrays
import Numerics

extension NDArray<Complex<Float>> {
  /// A copy of a square matrix with a row of zeros behind the last.
  ///
  /// Read column by column, that is one column more than there are: OpenBLAS's kernel for old processors, which Debian 12's also takes
  /// for new ones (`cgemv_n` of 0.3.21), loads it, and the memory there may not be mapped.
  var withSlack: NDArray {
    let count = self.count
    return NDArray(uninitializedShape: [shape[0] + 1, shape[1]]) { target in
      target.initialize(repeating: .zero)
      withUnsafeBufferPointer { source in for index in 0..<count { target[index] = source[index] } }
    }
  }

  /// The square matrix in front of the slack.
  var withoutSlack: NDArray {
    NDArray(uninitializedShape: [shape[1], shape[1]]) { target in
      withUnsafeBufferPointer { source in
        _ = target.initialize(fromContentsOf: source[..<target.count])
      }
    }
  }
}
