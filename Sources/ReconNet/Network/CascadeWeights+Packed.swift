import CConvolution
import NDArrays
import Synchronization

extension CascadeWeights {
  /// The blocks, ready to run.
  func packed(for path: convolution_path = convolution_best_path()) -> [PackedBlock<Consistency>] {
    let packed = Mutex<[Int: PackedBlock<Consistency>]>([:])
    Parallelism.forEach(blocks.count) { index in
      let block = PackedBlock(blocks[index], slope: negativeSlope, isResidual: isResidual, path: path)
      packed.withLock { $0[index] = block }
    }
    return packed.withLock { packed in blocks.indices.compactMap { packed[$0] } }
  }
}
