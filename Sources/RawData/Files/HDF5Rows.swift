import CHDF5

/// Rows of a table, in ascending order, that are read or written by one call of HDF5.
///
/// Used inside ``HDF5/exclusively(_:)``.
struct HDF5Rows {
  /// The number of axes of the table; all but the first have extent 1.
  let rank: Int
  /// The rows.
  let rows: ArraySlice<Int>

  /// Reads the rows into memory, one after the other.
  func read(
    _ data: HDF5Object, as type: HDF5Object, into memory: UnsafeMutableRawPointer?, properties: hid_t
  ) -> Bool {
    guard let file = selection(in: data), let target = memorySpace() else { return false }
    return H5Dread(data.id, type.id, target.id, file.id, properties, memory) >= 0
  }

  /// Writes the rows from memory.
  func write(_ data: HDF5Object, as type: HDF5Object, from memory: UnsafeRawPointer?) -> Bool {
    guard let file = selection(in: data), let source = memorySpace() else { return false }
    return H5Dwrite(data.id, type.id, source.id, file.id, kst_h5p_default(), memory) >= 0
  }

  private func memorySpace() -> HDF5Object? {
    var extent = hsize_t(rows.count)
    return HDF5Object(H5Screate_simple(1, &extent, nil), H5Sclose)
  }

  private func selection(in data: HDF5Object) -> HDF5Object? {
    guard let space = HDF5Object(H5Dget_space(data.id), H5Sclose), let first = rows.first,
      let last = rows.last
    else { return nil }
    if last - first + 1 == rows.count {
      var start = [hsize_t](repeating: 0, count: rank)
      var count = [hsize_t](repeating: 1, count: rank)
      start[0] = hsize_t(first)
      count[0] = hsize_t(rows.count)
      return H5Sselect_hyperslab(space.id, H5S_SELECT_SET, &start, nil, &count, nil) >= 0 ? space : nil
    }
    // Points keep the order of the list and cost the same whatever the gaps are.
    var points = [hsize_t](repeating: 0, count: rank * rows.count)
    for (position, row) in rows.enumerated() { points[position * rank] = hsize_t(row) }
    return H5Sselect_elements(space.id, H5S_SELECT_SET, rows.count, points) >= 0 ? space : nil
  }
}
