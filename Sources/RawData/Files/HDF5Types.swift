import CHDF5

/// The HDF5 types of a row of acquisitions: `{head, traj, data}`.
///
/// HDF5 matches compound members by name, so reading through these types yields the packed header of 340 bytes
/// from files of any member order, padding and byte order.
enum HDF5Types {
  /// The size of a sequence's entry in a row: length and pointer.
  static let sequenceSize = MemoryLayout<hvl_t>.size
  /// The offset of the trajectory in a row of libismrmrd's layout.
  static let trajectoryOffset = 344
  /// The offset of the samples in a row of libismrmrd's layout.
  static let dataOffset = trajectoryOffset + sequenceSize
  /// The size of a row in libismrmrd's layout.
  static let rowSize = dataOffset + sequenceSize

  /// A whole row in libismrmrd's layout.
  static func row() -> HDF5Object? {
    guard let head = header(), let floats = floats() else { return nil }
    return compound(
      size: rowSize, [("head", 0, head), ("traj", trajectoryOffset, floats), ("data", dataOffset, floats)])
  }

  /// A row that holds the packed header only.
  static func headerOnly() -> HDF5Object? {
    header().flatMap { compound(size: AcquisitionHeader.byteCount, [("head", 0, $0)]) }
  }

  /// A row that holds one sequence of numbers only: `traj` or `data`.
  static func sequenceOnly(_ member: String) -> HDF5Object? {
    floats().flatMap { compound(size: sequenceSize, [(member, 0, $0)]) }
  }

  /// Text of any length in a character set.
  static func text(_ characters: H5T_cset_t) -> HDF5Object? {
    guard let type = HDF5Object(H5Tcopy(kst_h5t_c_s1()), H5Tclose) else { return nil }
    return H5Tset_size(type.id, kst_h5t_variable()) >= 0 && H5Tset_cset(type.id, characters) >= 0 ? type : nil
  }

  private static func floats() -> HDF5Object? { HDF5Object(H5Tvlen_create(kst_h5t_native_float()), H5Tclose) }

  private static func header() -> HDF5Object? {
    let short = kst_h5t_native_uint16()
    let word = kst_h5t_native_uint32()
    let long = kst_h5t_native_uint64()
    let float = kst_h5t_native_float()
    guard let words3 = array(word, 3), let longs16 = array(long, 16), let floats3 = array(float, 3),
      let floats8 = array(float, 8), let integers8 = array(kst_h5t_native_int32(), 8),
      let shorts8 = array(short, 8)
    else { return nil }
    let counters = [
      "kspace_encode_step_1", "kspace_encode_step_2", "average", "slice", "contrast", "phase", "repetition",
      "set", "segment",
    ]
    guard
      let index = compound(
        size: 34, counters.enumerated().map { ($1, 2 * $0, short) } + [("user", 18, shorts8.id)])
    else { return nil }
    return compound(
      size: AcquisitionHeader.byteCount,
      [
        ("version", 0, short), ("flags", 2, long), ("measurement_uid", 10, word), ("scan_counter", 14, word),
        ("acquisition_time_stamp", 18, word), ("physiology_time_stamp", 22, words3.id),
        ("number_of_samples", 34, short), ("available_channels", 36, short), ("active_channels", 38, short),
        ("channel_mask", 40, longs16.id), ("discard_pre", 168, short), ("discard_post", 170, short),
        ("center_sample", 172, short), ("encoding_space_ref", 174, short),
        ("trajectory_dimensions", 176, short), ("sample_time_us", 178, float), ("position", 182, floats3.id),
        ("read_dir", 194, floats3.id), ("phase_dir", 206, floats3.id), ("slice_dir", 218, floats3.id),
        ("patient_table_position", 230, floats3.id), ("idx", 242, index.id), ("user_int", 276, integers8.id),
        ("user_float", 308, floats8.id),
      ])
  }

  private static func array(_ element: hid_t, _ count: Int) -> HDF5Object? {
    var extent = hsize_t(count)
    return HDF5Object(H5Tarray_create2(element, 1, &extent), H5Tclose)
  }

  private static func compound(size: Int, _ members: [(String, Int, hid_t)]) -> HDF5Object? {
    guard let type = HDF5Object(H5Tcreate(H5T_COMPOUND, size), H5Tclose) else { return nil }
    for (name, offset, member) in members where H5Tinsert(type.id, name, offset, member) < 0 { return nil }
    return type
  }

  private static func compound(size: Int, _ members: [(String, Int, HDF5Object)]) -> HDF5Object? {
    // HDF5 copies the member types; they need to live only until then.
    withExtendedLifetime(members) { compound(size: size, members.map { ($0, $1, $2.id) }) }
  }
}
