import Files
import NDArrays

extension CascadeWeights {
  /// The fingerprint of everything that the network's output follows from, wherever the weights came from.
  var digest: String {
    var hash = SHA256()
    // A closure that captured the digest could not finish it in builds without optimization.
    func take(_ values: NDArray<Float>, _ hash: inout SHA256) {
      values.withUnsafeBufferPointer { hash.append(UnsafeRawBufferPointer($0)) }
    }
    for block in blocks {
      for convolution in block.convolutions {
        take(convolution.weight, &hash)
        take(convolution.bias, &hash)
      }
      take(NDArray([Float(block.convolutions.count)], shape: [1]), &hash)
      let numbers = block.consistency.numbers
      take(NDArray(numbers, shape: [numbers.count]), &hash)
    }
    take(NDArray([negativeSlope, isResidual ? 1 : 0], shape: [2]), &hash)
    return hash.finish()
  }
}
