import Files
import Foundation
import MRIData
import NDArrays

extension ScanSize {
  /// The size in a sentence.
  public var words: String {
    "\(counted(channels, "channel")), \(counted(echoes, "echo")), \(prescribed) voxels"
      + (slices > 1 ? " in each of \(slices) slices" : "")
  }
}

extension MethodNeeds {
  /// The needs in a sentence, with the number of threads.
  public var words: String {
    String(format: "about %.2f GB of memory and %.0f s of one core", memory / 1e9, max(1, seconds))
      + ", on \(counted(Parallelism.threads, "thread"))."
  }
}
