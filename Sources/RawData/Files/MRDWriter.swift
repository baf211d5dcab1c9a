import Foundation
import Numerics

/// A file of raw MRI readouts in the format of ISMRMRD (MRD), opened for writing.
///
/// ```swift
/// let writer = try MRDWriter(creating: "scan.h5", header: header)
/// try writer.append(acquisition, samples: samples)
/// try writer.close()
/// ```
///
/// The file appears under its name when it is closed; a writer that is dropped before leaves nothing behind.
public final class MRDWriter {
  /// The form of a file.
  public enum Format: Sendable {
    /// HDF5 in libismrmrd's layout, group `dataset`.
    case hdf5
    /// Framed messages, as converters and scanners send them.
    case stream
  }

  /// The path, as the user named it; `-` is the standard output.
  public let path: String
  private var sink: (any ReadoutSink)?

  /// Starts a file.
  ///
  /// - Parameters:
  ///   - path: The file to write; `-` sends a stream to the standard output.
  ///   - header: The header, of which ``MRDHeader/xml`` is written.
  ///   - format: The form; without it a stream for `-` and names that end in `.mrd`, else HDF5.
  /// - Throws: ``RawDataError`` of kind `unreadable` if the file cannot be created.
  public init(creating path: String, header: MRDHeader, format: Format? = nil) throws(RawDataError) {
    let isStream = path == "-" || URL(filePath: path).pathExtension.lowercased() == "mrd"
    self.path = path
    switch format ?? (isStream ? .stream : .hdf5) {
    case .hdf5: sink = try HDF5Sink(creating: path, xml: header.xml)
    case .stream: sink = try StreamSink(creating: path, xml: header.xml)
    }
  }

  /// Appends one readout.
  ///
  /// - Parameters:
  ///   - header: What the readout says of itself.
  ///   - samples: The samples, axes `[channel, sample]`.
  ///   - trajectory: The trajectory, axes `[sample, dimension]`.
  /// - Precondition: Samples and trajectory have the extents that the header states; the file is not closed.
  /// - Throws: ``RawDataError`` of kind `unreadable` if the disk is full or fails.
  public func append(
    _ header: AcquisitionHeader, samples: UnsafeBufferPointer<Complex<Float>>, trajectory: [Float] = []
  ) throws(RawDataError) {
    precondition(
      samples.count == header.valueCount,
      "\(samples.count) samples for \(header.activeChannels) channels x \(header.sampleCount) samples")
    precondition(
      trajectory.count == header.trajectoryCount,
      "\(trajectory.count) coordinates for \(header.sampleCount) samples x \(header.trajectoryDimensions) dimensions"
    )
    guard let sink else { preconditionFailure("\(path) is closed") }
    try sink.append(header, samples, trajectory)
  }

  /// Completes the file and gives it its name.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable` if the disk is full or fails; nothing is left behind then.
  public func close() throws(RawDataError) {
    defer { sink = nil }
    try sink?.finish()
  }
}

/// A file format that readouts are written to.
protocol ReadoutSink: AnyObject {
  /// Appends one readout.
  func append(
    _ header: AcquisitionHeader, _ samples: UnsafeBufferPointer<Complex<Float>>, _ trajectory: [Float]
  ) throws(RawDataError)

  /// Completes the file.
  func finish() throws(RawDataError)
}
