import CHDF5

/// A way round HDF5 to the samples of large readouts: straight from the file to where they are used.
///
/// HDF5 keeps sequences of varying length in "global heap collections", to which each row refers, and copies
/// them three times on their way, one thread at a time. Here HDF5 only hands out the rows' raw bytes; the
/// collection is read by ourselves, from several threads at once. Whatever is not laid out as expected is left
/// to HDF5: ``read(_:into:)`` then says so.
///
/// - SeeAlso: HDF5 File Format Specification 3.0, section III.E "Global Heap".
struct HDF5Heap: Sendable {
  /// Where the sequence of a row is.
  struct Reference {
    /// The number of elements.
    let count: Int
    /// Where its collection begins in the file.
    let collection: Int
    /// Its number in the collection.
    let number: UInt32
  }

  private let file: InputFile
  private let data: HDF5Object
  private let rank: Int
  private let rowsPerChunk: Int
  private let rowSize: Int
  private let memberOffset: Int

  /// Checks that a table is laid out as expected: in small chunks without filters, sequences of this
  /// machine's floats in `data`, addresses of 64 bits from the start of the file.
  ///
  /// Used inside ``HDF5/exclusively(_:)``.
  init?(_ file: InputFile, _ data: HDF5Object, rank: Int) {
    var chunk = [hsize_t](repeating: 0, count: rank)
    var userBlock: hsize_t = 0
    var addressSize = 0
    var lengthSize = 0
    guard let row = HDF5Object(H5Dget_type(data.id), H5Tclose),
      let creation = HDF5Object(H5Dget_create_plist(data.id), H5Pclose),
      H5Pget_layout(creation.id) == H5D_CHUNKED, H5Pget_nfilters(creation.id) == 0,
      H5Pget_chunk(creation.id, Int32(rank), &chunk) == Int32(rank),
      chunk.dropFirst().allSatisfy({ $0 == 1 }),
      let owner = HDF5Object(H5Iget_file_id(data.id), H5Fclose),
      let properties = HDF5Object(H5Fget_create_plist(owner.id), H5Pclose),
      H5Pget_sizes(properties.id, &addressSize, &lengthSize) >= 0, addressSize == 8, lengthSize == 8,
      H5Pget_userblock(properties.id, &userBlock) >= 0, userBlock == 0
    else { return nil }
    let member = H5Tget_member_index(row.id, "data")
    guard member >= 0, let sequence = HDF5Object(H5Tget_member_type(row.id, UInt32(member)), H5Tclose),
      let element = HDF5Object(H5Tget_super(sequence.id), H5Tclose),
      H5Tequal(element.id, kst_h5t_native_float()) > 0
    else { return nil }
    self.file = file
    self.data = data
    self.rank = rank
    rowsPerChunk = Int(chunk[0])
    rowSize = H5Tget_size(row.id)
    memberOffset = H5Tget_member_offset(row.id, UInt32(member))
    guard memberOffset + Self.referenceSize <= rowSize, rowsPerChunk * rowSize <= 1 << 20 else { return nil }
  }

  private static let referenceSize = 16

  /// Where the samples of rows are; `nil` if HDF5 cannot hand out their raw bytes.
  ///
  /// Used inside ``HDF5/exclusively(_:)``.
  func references(of rows: ArraySlice<Int>) -> [Reference]? {
    var references: [Reference] = []
    references.reserveCapacity(rows.count)
    var bytes = [UInt8](repeating: 0, count: rowsPerChunk * rowSize)
    var offset = [hsize_t](repeating: 0, count: rank)
    var current = -1
    for row in rows {
      let chunk = row / rowsPerChunk
      if chunk != current {
        var filters: UInt32 = 0
        offset[0] = hsize_t(chunk * rowsPerChunk)
        guard H5Dread_chunk(data.id, 0, &offset, &filters, &bytes) >= 0, filters == 0 else { return nil }
        current = chunk
      }
      let start = (row - chunk * rowsPerChunk) * rowSize + memberOffset
      let reference: Reference? = bytes.withUnsafeBytes { bytes in
        let count: UInt32 = bytes.little(at: start)
        let address: UInt64 = bytes.little(at: start + 4)
        // An address of all ones stands for none, and no sequence is longer than its file.
        guard let collection = Int(exactly: count == 0 ? 0 : address), collection <= file.size,
          4 * Int(count) <= file.size
        else { return nil }
        return Reference(
          count: Int(count), collection: collection, number: bytes.little(at: start + 12))
      }
      guard let reference else { return nil }
      references.append(reference)
    }
    return references
  }

  /// The bytes before the first object's content: the collection's header and the object's.
  static let prefixSize = 32

  /// Reads a sequence; `nil` if the file is not laid out as expected there.
  ///
  /// A large sequence is the first object of its collection as a rule, and arrives by one read.
  ///
  /// - Parameters:
  ///   - reference: Where the sequence is.
  ///   - scratch: Room for it and for ``prefixSize`` more bytes.
  func read(_ reference: Reference, into scratch: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
    let size = 4 * reference.count
    guard size > 0 else { return UnsafeRawBufferPointer(rebasing: scratch[..<0]) }
    let whole = UnsafeMutableRawBufferPointer(rebasing: scratch[..<(Self.prefixSize + size)])
    let content = UnsafeMutableRawBufferPointer(rebasing: whole[Self.prefixSize...])
    do throws(RawDataError) {
      try file.read(whole, at: reference.collection)
      var bytes = UnsafeRawBufferPointer(whole)
      guard bytes.starts(with: Array("GCOL".utf8)), bytes[4] == 1 else { return nil }
      bytes = UnsafeRawBufferPointer(rebasing: bytes[16...])
      var position = reference.collection + 16
      for _ in 0..<Self.steps {
        let number: UInt16 = bytes.little(at: 0)
        let length: UInt64 = bytes.little(at: 8)
        if UInt32(number) == reference.number {
          guard length == size else { return nil }
          if position != reference.collection + 16 { try file.read(content, at: position + 16) }
          return UnsafeRawBufferPointer(content)
        }
        guard number != 0, length < file.size else { return nil }
        position += 16 + (Int(length) + 7) / 8 * 8
        try file.read(UnsafeMutableRawBufferPointer(rebasing: whole[..<16]), at: position)
        bytes = UnsafeRawBufferPointer(rebasing: whole[..<16])
      }
      return nil
    } catch {
      return nil
    }
  }

  /// The number of objects to look at; collections of many small ones are HDF5's to search.
  private static let steps = 4
}
