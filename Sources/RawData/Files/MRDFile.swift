import Numerics

/// A file of raw MRI readouts in the format of ISMRMRD (MRD), opened for reading.
///
/// ```swift
/// let file = try MRDFile(at: "scan.h5")
/// file.header.echoTimes          // [0.004, 0.009, 0.015]
/// file.acquisitions.count        // 768
/// ```
///
/// Both forms of the format are read: HDF5 files in libismrmrd's layout, and streams of framed messages as
/// newer converters write them. The headers of all readouts are read at once, samples when they are asked for.
public final class MRDFile: ReadoutSource {
  /// The path, as the user named it; `-` is the standard input.
  public let path: String
  /// The XML header.
  public let header: MRDHeader
  /// The headers of all readouts, in the order of the file.
  public var acquisitions: [AcquisitionHeader] { container.acquisitions }
  /// How many things of other kinds the file holds, such as `waveforms`; they are not read.
  public var skipped: [String: Int] { container.skipped }
  /// Other scans in the file that nobody chose between, and the end of a stream that was cut.
  public var findings: [Finding] { container.findings }
  /// The group of an HDF5 file that holds the scan, which may be one of several; `nil` for a stream.
  public var group: String? { container.group }
  private let container: any ReadoutContainer

  /// Opens a file and reads its headers.
  ///
  /// - Parameters:
  ///   - path: The file; `-` reads the standard input.
  ///   - group: The group of an HDF5 file; without it `dataset`, or the only group that holds a scan.
  ///   - acceptsTruncation: Whether a stream that was cut is read up to its last whole readout.
  /// - Throws: ``RawDataError`` if the file cannot be read, is of another kind, is damaged or cut, has no MRD
  ///   header or holds no readouts.
  public convenience init(
    at path: String, group: String? = nil, acceptsTruncation: Bool = false
  ) throws(RawDataError) {
    let file = try InputFile(at: path)
    switch try FileKind(of: file) {
    case .hdf5: try self.init(HDF5Readouts(file, group: group), path: path)
    case .stream:
      if let group {
        throw RawDataError(
          .contradictory, in: path, "this file is a stream, which holds one scan and has no group \(group)",
          remedy: "Leave `group` out")
      }
      try self.init(StreamReadouts(file, acceptsTruncation: acceptsTruncation), path: path)
    case .other(let what, let remedy): throw RawDataError(.malformed, in: path, what, remedy: remedy)
    }
  }

  /// Reads the headers of a stream that is open, and of nothing else, whatever its bytes look like.
  convenience init(stream file: InputFile) throws(RawDataError) {
    try self.init(StreamReadouts(file, acceptsTruncation: false), path: file.path)
  }

  private init(_ container: any ReadoutContainer, path: String) throws(RawDataError) {
    self.path = path
    self.container = container
    header = try MRDHeader(xml: container.xml, path: path)
  }

  /// Hands out the samples of chosen readouts, axes `[channel, sample]`.
  ///
  /// While one thread reads a block of readouts, `body` works on the block before on another.
  ///
  /// - Parameters:
  ///   - indices: Indices into ``acquisitions``, in ascending order.
  ///   - body: Called once for each readout, from several threads at once and in any order, with the index and
  ///     its samples; the buffer is valid only during the call.
  /// - Throws: ``RawDataError`` if samples are missing, or the first error of `body`.
  public func forEachReadout(
    _ indices: [Int],
    _ body: @Sendable (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
  ) throws(RawDataError) {
    try container.forEachReadout(indices, body)
  }

  /// The trajectory of one readout, axes `[sample, dimension]`; empty where the file has none.
  ///
  /// - Throws: ``RawDataError`` if the file is damaged.
  public func trajectory(ofReadout index: Int) throws(RawDataError) -> [Float] {
    guard acquisitions[index].trajectoryDimensions > 0 else { return [] }
    return try container.trajectory(of: index)
  }
}
