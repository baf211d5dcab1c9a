import CHDF5

/// A chunk of a table's rows as it lies in the file.
///
/// Made and used inside ``HDF5/exclusively(_:)``.
struct HDF5Chunk {
  /// What it takes in the file, 0 if it was never written [byte].
  private let stored: Int
  private let data: HDF5Object
  private let place: [hsize_t]
  private let fileSize: Int

  /// Finds the chunk that begins with a row.
  init(of data: HDF5Object, rank: Int, row: Int, fileSize: Int) {
    var place = [hsize_t](repeating: 0, count: max(1, rank))
    place[0] = hsize_t(row)
    var stored: hsize_t = 0, address: haddr_t = 0, filters: UInt32 = 0
    // What the index does not tell is the library's to explain.
    if H5Dget_chunk_info_by_coord(data.id, &place, &filters, &address, &stored) < 0 { stored = 0 }
    (self.data, self.place, self.stored, self.fileSize) = (data, place, Int(clamping: stored), fileSize)
  }

  /// The largest chunk that is unpacked [byte].
  static let largest = 1 << 26

  var isWritten: Bool { stored > 0 }

  /// Whether it takes the bytes that its rows do, unpacked where it is packed.
  func isSound(_ filters: HDF5Filters, size: Int) -> Bool {
    !isWritten || (filters.isEmpty ? stored == size : unpacked(filters, size: size) != nil)
  }

  /// The rows; `nil` if they take other bytes than they should, or cannot be unpacked.
  func unpacked(_ filters: HDF5Filters, size: Int) -> [UInt8]? {
    guard stored <= fileSize, size <= Self.largest, !filters.isEmpty || stored == size else { return nil }
    var place = place, skipped: UInt32 = 0
    var bytes = [UInt8](repeating: 0, count: stored)
    guard H5Dread_chunk(data.id, 0, &place, &skipped, &bytes) >= 0 else { return nil }
    return filters.unpacked(bytes, skipping: skipped, to: size)
  }
}
