import CHDF5
import Foundation
import Numerics

/// An HDF5 file in libismrmrd's layout that is being written.
final class HDF5Sink: ReadoutSink {
  private let output: OutputFile
  private let rowType: HDF5Object
  // The data set and its file are let go before the file gets its name.
  private var data: HDF5Object?
  private var count = 0
  private var headers: [AcquisitionHeader] = []
  private var samples: [Complex<Float>] = []
  private var trajectories: [Float] = []

  /// Starts a file with its XML header and an empty table of acquisitions.
  init(creating path: String, xml: String) throws(RawDataError) {
    let output = try OutputFile(at: path)
    self.output = output
    (rowType, data) = try HDF5.exclusively { () throws(RawDataError) in
      guard let rowType = HDF5Types.row(),
        let access = HDF5Object(H5Pcreate(kst_h5p_file_access()), H5Pclose),
        // The partial file has a lock of its own.
        H5Pset_file_locking(access.id, false, true) >= 0,
        let file = HDF5Object(H5Fcreate(output.partialPath, kst_h5f_acc_trunc(), 0, access.id), H5Fclose),
        let group = HDF5Object(H5Gcreate2(file.id, "dataset", 0, 0, 0), H5Gclose),
        Self.write(xml, to: group), let data = Self.table(of: rowType, in: group)
      else { throw Self.failure(output) }
      return (rowType, data)
    }
  }

  func append(
    _ header: AcquisitionHeader, _ samples: UnsafeBufferPointer<Complex<Float>>, _ trajectory: [Float]
  ) throws(RawDataError) {
    headers.append(header)
    self.samples.append(contentsOf: samples)
    trajectories.append(contentsOf: trajectory)
    if self.samples.count >= 1 << 18 || headers.count >= 4 * Self.rowsPerChunk { try flush() }
  }

  func finish() throws(RawDataError) {
    try flush()
    // HDF5 writes the last of its caches when the file's last object is closed.
    let isClosed = HDF5.exclusively {
      let isFlushed = data.map { H5Fflush($0.id, H5F_SCOPE_LOCAL) >= 0 } ?? true
      data = nil
      return isFlushed
    }
    guard isClosed else { throw Self.failure(output) }
    try output.commit()
  }

  /// Rows that HDF5 keeps and reads together; libismrmrd makes a chunk of every row, which costs a search for each.
  private static let rowsPerChunk = 128

  private func flush() throws(RawDataError) {
    guard let data, !headers.isEmpty else { return }
    let rows = count..<count + headers.count
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: headers.count * HDF5Types.rowSize, alignment: MemoryLayout<hvl_t>.alignment)
    defer { bytes.deallocate() }
    _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
    let isWritten = samples.withUnsafeMutableBytes { samples in
      trajectories.withUnsafeMutableBytes { trajectories in
        layOut(samples.baseAddress, trajectories.baseAddress, in: bytes)
        return HDF5.exclusively {
          var extent = hsize_t(rows.upperBound)
          return H5Dset_extent(data.id, &extent) >= 0
            && HDF5Rows(rank: 1, rows: ArraySlice(rows)).write(data, as: rowType, from: bytes.baseAddress)
        }
      }
    }
    guard isWritten else { throw Self.failure(output) }
    count = rows.upperBound
    headers.removeAll(keepingCapacity: true)
    samples.removeAll(keepingCapacity: true)
    trajectories.removeAll(keepingCapacity: true)
  }

  /// Fills the rows: each header, and where its trajectory and its samples are.
  private func layOut(
    _ samples: UnsafeMutableRawPointer?, _ trajectories: UnsafeMutableRawPointer?,
    in rows: UnsafeMutableRawBufferPointer
  ) {
    var sampleOffset = 0
    var trajectoryOffset = 0
    for (position, header) in headers.enumerated() {
      let row = UnsafeMutableRawBufferPointer(rebasing: rows[(position * HDF5Types.rowSize)...])
      header.write(to: row)
      row.storeBytes(
        of: hvl_t(len: header.trajectoryCount, p: trajectories.map { $0 + 4 * trajectoryOffset }),
        toByteOffset: HDF5Types.trajectoryOffset, as: hvl_t.self)
      row.storeBytes(
        of: hvl_t(len: 2 * header.valueCount, p: samples.map { $0 + 8 * sampleOffset }),
        toByteOffset: HDF5Types.dataOffset, as: hvl_t.self)
      sampleOffset += header.valueCount
      trajectoryOffset += header.trajectoryCount
    }
  }

  private static func write(_ xml: String, to group: HDF5Object) -> Bool {
    var extent: hsize_t = 1
    // ASCII in name, as libismrmrd declares it and reads it, whatever the text.
    guard let type = HDF5Types.text(H5T_CSET_ASCII),
      let space = HDF5Object(H5Screate_simple(1, &extent, nil), H5Sclose), let properties = timeless(),
      let set = HDF5Object(
        H5Dcreate2(group.id, "xml", type.id, space.id, 0, properties.id, 0), H5Dclose)
    else { return false }
    return xml.withCString { text in
      withUnsafePointer(to: text) {
        H5Dwrite(set.id, type.id, kst_h5s_all(), kst_h5s_all(), kst_h5p_default(), $0) >= 0
      }
    }
  }

  /// Properties of a data set without the time of its making: equal contents make equal files.
  private static func timeless() -> HDF5Object? {
    guard let properties = HDF5Object(H5Pcreate(kst_h5p_dataset_create()), H5Pclose),
      H5Pset_obj_track_times(properties.id, false) >= 0
    else { return nil }
    return properties
  }

  private static func table(of rowType: HDF5Object, in group: HDF5Object) -> HDF5Object? {
    var extent: hsize_t = 0
    var limit = kst_h5s_unlimited()
    var chunk = hsize_t(rowsPerChunk)
    guard let space = HDF5Object(H5Screate_simple(1, &extent, &limit), H5Sclose),
      let properties = timeless(), H5Pset_chunk(properties.id, 1, &chunk) >= 0
    else { return nil }
    return HDF5Object(
      H5Dcreate2(group.id, "data", rowType.id, space.id, 0, properties.id, 0), H5Dclose)
  }

  private static func failure(_ output: OutputFile) -> RawDataError {
    RawDataError(
      .unreadable, in: output.path, "the file cannot be written: \(HDF5.lastError())",
      remedy: "Check that the disk has room")
  }
}
