import CConvolution
import MRIData
import NDArrays

/// The outputs of a block's layers between its first and its last, as far as later layers still need them.
///
/// Every layer keeps a few slices along `x` in a ring. In each step the first layer computes `step` new slices, and
/// every layer after it as many, two slices behind the layer before:
///
/// ```
/// layer l has computed   0 ..< E - 2 (l - 1)     when the first has computed 0 ..< E
/// layer l is needed from E_before - 2 l - 1      where E_before is E of the step before
/// ```
///
/// So nothing is computed twice, memory does not grow with the readout, and each slice comes from the same
/// arithmetic whatever the step: steps are even, as the kernels pair slices.
struct LayerWindows: Sendable {
  /// The number of slices by which layers advance.
  let step: Int
  /// The number of slices of the volume.
  let length: Int
  /// The extents of the windows' memory: the number of slices of each layer.
  let slices: [Int]
  private let rows: Int
  private let strides: [Int]

  /// - Parameters:
  ///   - matrix: The volume.
  ///   - outputs: The number of channels of every layer but the last.
  ///   - step: The number of slices by which layers advance, an even number.
  init(_ matrix: Extents, outputs: [Int], step: Int) {
    precondition(step > 0 && step % 2 == 0, "steps of \(step) slices would tear pairs apart")
    self.step = step
    length = matrix.x
    rows = matrix.y * matrix.z
    slices = outputs.indices.map { min(matrix.x, step + 2 * ($0 + 1) + 1) }
    strides = outputs.map { Int(convolution_stride(Int64($0))) }
  }

  /// The number of slices by which layers advance: as many as the memory allows, up to where more help no more.
  ///
  /// - Parameters:
  ///   - matrix: The volume.
  ///   - limit: The memory that the network may take [bytes].
  ///   - bytes: The memory that it takes with steps of so many slices.
  static func step(
    for matrix: Extents, within limit: Int, bytes: (_ step: Int) -> Int
  ) throws(ReconNetError) -> Int {
    let steps = stride(from: min(32, (matrix.x + 1) / 2 * 2), through: 2, by: -2)
    for step in steps where bytes(step) <= limit { return step }
    throw .tooLarge(neededBytes: bytes(2), allowedBytes: limit)
  }

  /// The distance of rows of a layer's window; an odd number of cache lines, lest rows share a few sets.
  private func pitch(_ layer: Int) -> Int {
    let lines = slices[layer] * strides[layer] / 16
    return (lines + (lines + 1) % 2) * 16
  }

  /// The number of floats of the first layers' windows.
  private func count(of layers: Int) -> Int { (0..<layers).reduce(0) { $0 + rows * pitch($1) } }

  /// The number of floats of all windows.
  var count: Int { count(of: slices.count) }

  /// A layer's window in memory that holds ``count`` floats.
  func window(_ layer: Int, in memory: UnsafeMutablePointer<Float>) -> convolution_window {
    convolution_window(
      values: memory + count(of: layer), slices: Int64(slices[layer]), pitch: Int64(pitch(layer)))
  }

  /// The ranges that layer after layer computes, step after step; the last layer of the block included.
  var schedule: [[Range<Int>]] {
    let layers = slices.count + 1
    var ends = Array(repeating: 0, count: layers)
    var schedule: [[Range<Int>]] = []
    while ends[layers - 1] < length {
      let front = min(length, ends[0] + step)
      let reached = (0..<layers).map { front == length ? length : max(0, front - 2 * $0) }
      schedule.append((0..<layers).map { ends[$0]..<reached[$0] })
      ends = reached
    }
    return schedule
  }
}
