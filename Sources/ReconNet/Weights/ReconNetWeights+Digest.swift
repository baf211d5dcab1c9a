import Files
import NDArrays

extension ReconNetWeights {
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
      switch block.consistency {
      case .noiseless: take(NDArray([-1], shape: [1]))
      case .weighted(let weight): take(NDArray([weight], shape: [1]))
      }
    }
    take(NDArray([negativeSlope, isResidual ? 1 : 0], shape: [2]))
    return hash.finish()
  }
}
