import Numerics

/// The readouts of a stream of framed MRD messages.
final class StreamReadouts: ReadoutContainer {
  let xml: String
  let acquisitions: [AcquisitionHeader]
  let skipped: [String: Int]
  let findings: [Finding]
  let group: String? = nil
  private let file: InputFile
  private let offsets: [Int]

  /// Scans a stream for its messages and reads the XML and the headers of all readouts.
  ///
  /// - Throws: ``RawDataError`` if the stream is cut, has unknown messages, no header or no readouts.
  init(_ file: InputFile, acceptsTruncation: Bool) throws(RawDataError) {
    var index = StreamIndex(file)
    var findings: [Finding] = []
    do throws(RawDataError) {
      try index.scan()
    } catch {
      guard acceptsTruncation, error.kind == .truncated else { throw error }
      findings.append(.warning(error.problem, assuming: "the readouts before that suffice"))
    }
    self.findings = findings
    guard let xml = index.xml else {
      throw RawDataError(
        .malformed, in: file.path, "the stream has no XML header", remedy: "Convert the scan again")
    }
    guard !index.acquisitions.isEmpty else {
      throw RawDataError(
        .incomplete, in: file.path, "the stream holds no acquisitions",
        remedy: "Convert the scan again, or name another file")
    }
    self.file = file
    self.xml = xml
    acquisitions = index.acquisitions
    offsets = index.offsets
    skipped = index.skipped
  }

  func readBlock(
    _ indices: ArraySlice<Int>,
    _ body: (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
  ) throws(RawDataError) {
    // Messages lie at any byte; the copy into here aligns the samples.
    let longest = indices.reduce(0) { max($0, acquisitions[$1].valueCount) }
    let samples = UnsafeMutableBufferPointer<Complex<Float>>.allocate(capacity: longest)
    defer { samples.deallocate() }
    for index in indices {
      let header = acquisitions[index]
      let part = UnsafeMutableBufferPointer(rebasing: samples[..<header.valueCount])
      try file.read(
        UnsafeMutableRawBufferPointer(part),
        at: offsets[index] + header.trajectoryCount * MemoryLayout<Float>.size)
      try body(index, UnsafeBufferPointer(part))
    }
  }

  func trajectory(of index: Int) throws(RawDataError) -> [Float] {
    let bytes = try file.bytes(
      at: offsets[index], upTo: acquisitions[index].trajectoryCount * MemoryLayout<Float>.size)
    return bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: 4).map { Float(bitPattern: bytes.little(at: $0)) }
    }
  }
}
