import Files
import NDArrays

extension CascadeWeights {
  /// The fingerprint of everything that the network's output follows from, wherever the weights came from.
  var digest: String {
    var hash = SHA256()
    func take(_ values: NDArray<Float>) {
      values.withUnsafeBufferPointer { hash.append(UnsafeRawBufferPointer($0)) }
    }
    for block in blocks {
      for convolution in block.convolutions {
        take(convolution.weight)
        take(convolution.bias)
      }
      take(NDArray([Float(block.convolutions.count)], shape: [1]))
      let numbers = block.consistency.numbers
      take(NDArray(numbers, shape: [numbers.count]))
    }
    take(NDArray([negativeSlope, isResidual ? 1 : 0], shape: [2]))
    return hash.finish()
  }
}
