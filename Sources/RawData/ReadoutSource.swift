import Numerics
import Synchronization

/// The readouts of a raw-data file, whatever its format.
public protocol ReadoutSource: Sendable {
  /// The path, as the user named it.
  var path: String { get }
  /// The XML header.
  var header: MRDHeader { get }
  /// The headers of all readouts, in the order of the file.
  var acquisitions: [AcquisitionHeader] { get }

  /// What its user should know of the file itself, such as other scans in it.
  var findings: [Finding] { get }

  /// The trajectory of one readout, axes `[sample, dimension]`; empty where there is none.
  ///
  /// - Throws: ``RawDataError`` if it cannot be read.
  func trajectory(ofReadout index: Int) throws(RawDataError) -> [Float]

  /// Hands out the samples of chosen readouts, axes `[channel, sample]`.
  ///
  /// - Parameters:
  ///   - indices: Indices into ``acquisitions``, in ascending order.
  ///   - body: Called once for each readout, from several threads at once and in any order, with the index and
  ///     its samples; the buffer is valid only during the call.
  /// - Throws: ``RawDataError`` if samples are missing, or the first error of `body`.
  func forEachReadout(
    _ indices: [Int],
    _ body: @Sendable (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
  ) throws(RawDataError)
}

extension ReadoutSource {
  /// Nothing, for sources that are no files.
  public var findings: [Finding] { [] }

  /// None, for sources that hold no trajectories.
  public func trajectory(ofReadout index: Int) throws(RawDataError) -> [Float] { [] }

  /// The samples of some readouts by their indices, axes `[channel, sample]`.
  ///
  /// - Parameter indices: Indices into ``acquisitions``, in ascending order.
  /// - Throws: ``RawDataError`` if samples are missing.
  func samples(of indices: [Int]) throws(RawDataError) -> [Int: [Complex<Float>]] {
    let rows = Mutex<[Int: [Complex<Float>]]>([:])
    try forEachReadout(indices) { index, samples in
      let copy = Array(samples)
      rows.withLock { $0[index] = copy }
    }
    return rows.withLock { $0 }
  }
}
