import CHDF5
import Numerics
import Synchronization

/// The readouts of an HDF5 file in libismrmrd's layout: the data sets `xml` and `data` of one group.
final class HDF5Readouts: ReadoutContainer {
  let xml: String
  let acquisitions: [AcquisitionHeader]
  let skipped: [String: Int]
  let findings: [Finding]
  let group: String?
  private let path: String
  private let fileSize: Int
  private let data: HDF5Object
  private let rank: Int
  private let heap: HDF5Heap?
  /// The rows as they lie in the file.
  private let rawRows: HDF5RawRows
  private let arenas = Mutex<[SequenceArena]>([])

  /// Opens a file and reads the XML and the headers of all readouts.
  ///
  /// - Throws: ``RawDataError`` if the file is damaged, lacks one of the data sets, or holds no readouts.
  init(_ file: InputFile, group: String?) throws(RawDataError) {
    let layout = try HDF5.exclusively { () throws(RawDataError) in try HDF5Layout(file, group: group) }
    (path, fileSize, self.group) = (file.path, file.size, layout.group)
    xml = layout.xml
    data = layout.data
    rank = layout.rank
    heap = HDF5.exclusively { HDF5Heap(file, layout.data, rank: layout.rank) }
    guard let rawRows = HDF5.exclusively({ HDF5RawRows(file, layout.data, rank: layout.rank) }) else {
      throw HDF5Layout.cannotBeChecked("its table of acquisitions", file.path)
    }
    self.rawRows = rawRows
    skipped = layout.skipped
    findings = layout.findings
    acquisitions = try HDF5.exclusively { () throws(RawDataError) in try layout.readHeaders() }
  }

  func readBlock(
    _ indices: ArraySlice<Int>,
    _ body: (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
  ) throws(RawDataError) {
    let done = try readFromHeap(indices, body)
    try withSequences("data", of: indices[done...], count: { 2 * $0.valueCount }) {
      (index, floats) throws(RawDataError) in
      try body(index, UnsafeRawBufferPointer(floats).bindMemory(to: Complex<Float>.self))
    }
  }

  /// Reads readouts without HDF5 as far as that goes, and returns where it ends.
  private func readFromHeap(
    _ indices: ArraySlice<Int>,
    _ body: (Int, UnsafeBufferPointer<Complex<Float>>) throws(RawDataError) -> Void
  ) throws(RawDataError) -> Int {
    guard let heap, let references = HDF5.exclusively({ heap.references(of: indices) }) else {
      return indices.startIndex
    }
    let longest = references.reduce(0) { max($0, $1.count) }
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: HDF5Heap.prefixSize + longest * MemoryLayout<Float>.stride, alignment: 64)
    defer { scratch.deallocate() }
    for (position, reference) in zip(indices.indices, references) {
      let index = indices[position]
      guard reference.count == 2 * acquisitions[index].valueCount,
        let bytes = heap.read(reference, into: scratch)
      else { return position }
      try body(index, bytes.bindMemory(to: Complex<Float>.self))
    }
    return indices.endIndex
  }

  func trajectory(of index: Int) throws(RawDataError) -> [Float] {
    var result: [Float] = []
    try withSequences("traj", of: [index], count: { $0.trajectoryCount }) { (_, floats) in
      result = Array(floats)
    }
    return result
  }

  /// Reads one sequence of each of some rows and hands them out, once HDF5 is free for others again.
  private func withSequences(
    _ member: String, of indices: ArraySlice<Int>, count: (AcquisitionHeader) -> Int,
    _ body: (Int, UnsafeBufferPointer<Float>) throws(RawDataError) -> Void
  ) throws(RawDataError) {
    guard !indices.isEmpty else { return }
    let total = indices.reduce(0) { $0 + count(acquisitions[$1]) }
    // Sequences are stored as they are: none is longer than its file.
    if let long = indices.first(where: { count(acquisitions[$0]) > fileSize / MemoryLayout<Float>.size }) {
      throw wrongLength(long, member, "fewer", count(acquisitions[long]))
    }
    let arena = borrowArena(bytes: total * MemoryLayout<Float>.size, sequences: indices.count)
    defer { arenas.withLock { $0.append(arena) } }
    guard HDF5.exclusively({ refersToSoundHeaps(member, indices) }) else {
      throw RawDataError(
        .malformed, in: path,
        "the HDF5 heap that holds the \(member) of acquisitions \(indices[indices.startIndex]) to "
          + "\(indices[indices.endIndex - 1]) is damaged",
        remedy: "Copy the file again or convert the scan again")
    }
    var rows = [hvl_t](repeating: hvl_t(), count: indices.count)
    let isRead = HDF5.exclusively { read(member, indices, into: &rows, arena) }
    guard isRead else { throw diagnosis(member, indices) }
    for (index, row) in zip(indices, rows) {
      let expected = count(acquisitions[index])
      guard row.len == expected, row.p != nil || expected == 0 else {
        throw wrongLength(index, member, "\(row.len)", expected)
      }
      let floats = row.p.map { UnsafePointer($0.assumingMemoryBound(to: Float.self)) }
      try body(index, UnsafeBufferPointer(start: floats, count: expected))
    }
  }

  /// Whether libhdf5 will find its way through what rows refer to.
  private func refersToSoundHeaps(_ member: String, _ indices: ArraySlice<Int>) -> Bool {
    guard let row = HDF5Object(H5Dget_type(data.id), H5Tclose) else { return false }
    let index = H5Tget_member_index(row.id, member)
    // A column that is not there refers to nothing.
    guard index >= 0 else { return true }
    guard let sequence = HDF5Object(H5Tget_member_type(row.id, UInt32(index)), H5Tclose),
      let element = HDF5Object(H5Tget_super(sequence.id), H5Tclose)
    else { return false }
    return rawRows.refersToSoundHeaps(
      indices, at: H5Tget_member_offset(row.id, UInt32(index)), elementSize: H5Tget_size(element.id))
  }

  private func borrowArena(bytes: Int, sequences: Int) -> SequenceArena {
    let arena = arenas.withLock { $0.popLast() }
    if let arena, arena.reset(bytes: bytes, sequences: sequences) { return arena }
    return SequenceArena(bytes: bytes, sequences: sequences)
  }

  private func read(
    _ member: String, _ rows: ArraySlice<Int>, into entries: inout [hvl_t], _ arena: SequenceArena
  ) -> Bool {
    guard let type = HDF5Types.sequenceOnly(member), let properties = arena.transferProperties() else {
      return false
    }
    return entries.withUnsafeMutableBytes {
      HDF5Rows(rank: rank, rows: rows).read(data, as: type, into: $0.baseAddress, properties: properties.id)
    }
  }

  /// Finds the first row of a block that cannot be read.
  private func diagnosis(_ member: String, _ indices: ArraySlice<Int>) -> RawDataError {
    for index in indices {
      let header = acquisitions[index]
      let expected = member == "data" ? 2 * header.valueCount : header.trajectoryCount
      let arena = SequenceArena(bytes: expected * MemoryLayout<Float>.size, sequences: 1)
      var row = [hvl_t()]
      let (isRead, reason) = HDF5.exclusively { (read(member, [index], into: &row, arena), HDF5.lastError()) }
      if arena.isExceeded { return wrongLength(index, member, "more", expected) }
      if !isRead {
        return RawDataError(
          .malformed, in: path, "the \(member) of acquisition \(index) cannot be read; \(reason)",
          remedy: "The file is damaged; copy it again or convert the scan again")
      }
    }
    return RawDataError(
      .malformed, in: path, "acquisitions cannot be read in blocks",
      remedy: "Copy the file again or convert the scan again")
  }

  private func wrongLength(_ index: Int, _ member: String, _ found: String, _ expected: Int) -> RawDataError {
    let header = acquisitions[index]
    let origin =
      member == "data"
      ? "2 x \(header.activeChannels) channels x \(header.sampleCount) samples"
      : "\(header.trajectoryDimensions) dimensions x \(header.sampleCount) samples"
    return RawDataError(
      .malformed, in: path,
      "the \(member) of acquisition \(index) has \(found) numbers where its header says \(expected) (\(origin))",
      remedy: "Convert the scan again; the header and the samples must agree")
  }
}
