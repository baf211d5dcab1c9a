import CHDF5
import Files
import Foundation

/// The data sets of an HDF5 raw-data file, found and checked.
///
/// Used inside ``HDF5/exclusively(_:)``.
struct HDF5Layout {
  let xml: String
  let data: HDF5Object
  let rank: Int
  let skipped: [String: Int]
  /// The path of the group within the file.
  let group: String
  private(set) var findings: [Finding] = []
  private let path: String
  private let count: Int

  /// Finds the group, the XML header and the table of acquisitions.
  init(_ file: InputFile, group: String?) throws(RawDataError) {
    path = file.path
    let fileID = try Self.open(file)
    let scans = Self.scans(in: fileID)
    let name = try Self.group(group, among: scans, in: fileID, path)
    self.group = name.split(separator: "/").joined(separator: "/")
    if group == nil, scans.count > 1 {
      let others = scans.filter { $0 != name }
      findings.append(
        .warning(
          "the file holds \(scans.count) scans: \(scans.joined(separator: ", "))",
          assuming: "\(name) is meant",
          remedy: "`group: \(others[0])` reads another one"))
    }
    xml = try Self.text(of: "\(name)/xml", in: fileID, file, atMost: min(file.size, Self.longestText))
    guard let data = HDF5Object(H5Dopen2(fileID.id, "\(name)/data", 0), H5Dclose) else {
      throw Self.malformed(path, "its data set \(name)/data cannot be opened")
    }
    self.data = data
    try Self.checkType(data, name, path)
    let extents = Self.extents(of: data)
    guard extents.dropFirst().allSatisfy({ $0 == 1 }), let count = extents.first else {
      throw RawDataError(
        .malformed, in: path, "\(name)/data has the shape \(extents), not one row per acquisition",
        remedy: "Convert the scan again")
    }
    guard count > 0 else {
      throw RawDataError(
        .incomplete, in: path, "\(name)/data holds no acquisitions",
        remedy: "Convert the scan again, or name another file")
    }
    // A readout takes the references to its samples and, unless it is empty, samples.
    let room = min(file.size / 16, MachineMemory.limit / 1024)
    guard count <= room else {
      throw RawDataError(
        .malformed, in: path,
        "\(name)/data claims \(count) readouts, more than a file of \(file.size) bytes or this machine's memory holds",
        remedy: "The file is damaged; copy it again or convert the scan again")
    }
    guard let creation = HDF5Object(H5Dget_create_plist(data.id), H5Pclose), HDF5Filters(creation) != nil
    else {
      throw Self.cannotBeChecked("\(name)/data", path)
    }
    guard HDF5Soundness.hasSoundStorage(data, rank: extents.count, rows: count, fileSize: file.size) else {
      throw RawDataError(
        .malformed, in: path,
        "\(name)/data is damaged: HDF5's index gives its rows other sizes than they take",
        remedy: "Copy the file again or convert the scan again")
    }
    self.count = count
    rank = extents.count
    var skipped: [String: Int] = [:]
    if Self.exists("\(name)/waveforms", in: fileID),
      let waveforms = HDF5Object(H5Dopen2(fileID.id, "\(name)/waveforms", 0), H5Dclose)
    {
      let claimed = Self.extents(of: waveforms).reduce(1) { product, extent in
        let (next, overflows) = product.multipliedReportingOverflow(by: extent)
        return overflows ? .max : next
      }
      // Each takes a byte at least, in whatever compression.
      if claimed <= file.size {
        skipped["waveforms"] = claimed
      } else {
        findings.append(
          .warning(
            "the table of waveforms claims more rows than a file of \(file.size) bytes holds",
            assuming: "waveforms are damaged; images do not need them"))
      }
    }
    self.skipped = skipped
  }

  /// The longest XML header that is read [byte]; those of scanners take some 100 kB.
  private static let longestText = 64 << 20

  /// The headers of all acquisitions.
  func readHeaders() throws(RawDataError) -> [AcquisitionHeader] {
    guard let type = HDF5Types.headerOnly() else { throw Self.malformed(path, "HDF5 runs out of resources") }
    let blockRows = 1024
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: blockRows * AcquisitionHeader.byteCount, alignment: 16)
    defer { bytes.deallocate() }
    // Fields that the file does not have stay zero.
    _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
    var headers: [AcquisitionHeader] = []
    headers.reserveCapacity(count)
    for start in stride(from: 0, to: count, by: blockRows) {
      let rows = start..<min(count, start + blockRows)
      let status = HDF5Rows(rank: rank, rows: ArraySlice(rows)).read(
        data, as: type, into: bytes.baseAddress, properties: kst_h5p_default())
      guard status else {
        throw Self.malformed(
          path, "the headers of acquisitions \(rows.lowerBound) to \(rows.upperBound - 1) cannot be read")
      }
      for row in 0..<rows.count {
        let offset = row * AcquisitionHeader.byteCount
        headers.append(
          AcquisitionHeader(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + AcquisitionHeader.byteCount])))
      }
    }
    return headers
  }
}

extension HDF5Layout {
  private static func open(_ file: InputFile) throws(RawDataError) -> HDF5Object {
    try HDF5Groups.check(file)
    guard let access = HDF5Object(H5Pcreate(kst_h5p_file_access()), H5Pclose) else {
      throw malformed(file.path, "HDF5 runs out of resources")
    }
    // A reader needs no lock: it would fail where another program writes, or on a file system without locks.
    H5Pset_file_locking(access.id, false, true)
    let opened = try file.withPathToOpen { (path) throws(RawDataError) in
      HDF5OpenFiles.file(at: path) {
        HDF5Object(H5Fopen(path, kst_h5f_acc_rdonly(), access.id), H5Fclose)
      }
    }
    guard let id = opened else {
      let reason = HDF5.lastError()
      if reason.contains("already open for write") { throw isBeingWritten(file.path) }
      throw RawDataError(
        reason.contains("truncated") ? .truncated : .malformed, in: file.path,
        "the HDF5 file cannot be opened: \(reason)",
        remedy: "It may not have been copied in whole, or its writer may still be at work; copy it again")
    }
    return id
  }

  static func cannotBeChecked(_ what: String, _ path: String) -> RawDataError {
    RawDataError(
      .unsupported, in: path,
      "\(what) lies in other files, within HDF5's own structures, or packed otherwise than by deflate",
      remedy: "Convert the scan again, into one file and without other filters")
  }

  static func isBeingWritten(_ path: String) -> RawDataError {
    RawDataError(
      .unreadable, in: path, "another program has the HDF5 file open for writing, or broke off writing it",
      remedy: "Wait until it is done; if it broke off, unmark the file with h5clear -s")
  }

  /// The group that holds a scan: the one asked for, `dataset`, or the only one there is.
  private static func group(
    _ name: String?, among candidates: [String], in file: HDF5Object, _ path: String
  ) throws(RawDataError) -> String {
    let wanted = name ?? (candidates.contains("dataset") ? "dataset" : nil)
    if let wanted {
      // A name may be a path of several steps; then it is none of the root's members.
      if exists("\(wanted)/xml", in: file), exists("\(wanted)/data", in: file) { return wanted }
    } else if candidates.count == 1 {
      return candidates[0]
    } else if candidates.count > 1 {
      throw RawDataError(
        .malformed, in: path, "the file holds several scans: \(candidates.joined(separator: ", "))",
        remedy: "Choose one with `group: \(candidates[0])`")
    }
    let names = members(of: file)
    let content = names.isEmpty ? "it is empty" : "it holds \(names.prefix(8).joined(separator: ", "))"
    let missing = wanted.map {
      exists($0, in: file) ? "the group \($0) lacks xml or data" : "it has no group \($0)"
    }
    throw RawDataError(
      .malformed, in: path,
      "this HDF5 file is not a raw-data file: \(missing ?? "no group has both xml and data"); \(content)",
      remedy: candidates.isEmpty
        ? "Convert the scan to MRD (ISMRMRD) first"
        : "Choose one of \(candidates.joined(separator: ", ")) with `group`")
  }

  /// The groups that hold a header and readouts.
  private static func scans(in file: HDF5Object) -> [String] {
    members(of: file).filter { exists("\($0)/xml", in: file) && exists("\($0)/data", in: file) }
  }

  private static func members(of file: HDF5Object) -> [String] {
    var names: [String] = []
    withUnsafeMutablePointer(to: &names) { names in
      _ = H5Literate(
        file.id, H5_INDEX_NAME, H5_ITER_INC, nil,
        { _, name, _, names in
          if let name { names?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name)) }
          return 0
        }, names)
    }
    return names
  }

  /// Whether every step of a path is there; HDF5 itself asks only about the last one.
  private static func exists(_ path: String, in file: HDF5Object) -> Bool {
    var prefix = ""
    for step in path.split(separator: "/") {
      prefix += prefix.isEmpty ? String(step) : "/\(step)"
      guard H5Lexists(file.id, prefix, 0) > 0, H5Oexists_by_name(file.id, prefix, 0) > 0 else { return false }
    }
    return !prefix.isEmpty
  }

  private static func extents(of data: HDF5Object) -> [Int] {
    guard let space = HDF5Object(H5Dget_space(data.id), H5Sclose) else { return [] }
    var extents = [hsize_t](repeating: 0, count: max(0, Int(H5Sget_simple_extent_ndims(space.id))))
    guard H5Sget_simple_extent_dims(space.id, &extents, nil) >= 0 else { return [] }
    return extents.map { Int(clamping: $0) }
  }

  private static func text(
    of name: String, in root: HDF5Object, _ file: InputFile, atMost longest: Int
  ) throws(RawDataError) -> String {
    let path = file.path
    guard let set = HDF5Object(H5Dopen2(root.id, name, 0), H5Dclose),
      let type = HDF5Object(H5Dget_type(set.id), H5Tclose), H5Tget_class(type.id) == H5T_STRING,
      extents(of: set).allSatisfy({ $0 == 1 })
    else {
      throw RawDataError(
        .malformed, in: path, "its \(name) is not a text", remedy: "Convert the scan again")
    }
    guard HDF5Soundness.hasSoundStorage(set, rank: extents(of: set).count, rows: 1, fileSize: file.size)
    else {
      throw RawDataError(
        .malformed, in: path, "its \(name) is damaged: HDF5's index gives it another size than it takes",
        remedy: "Copy the file again or convert the scan again")
    }
    if H5Tis_variable_str(type.id) > 0 {
      guard let raw = HDF5RawRows(file, set, rank: max(1, extents(of: set).count)) else {
        throw cannotBeChecked("its \(name)", path)
      }
      guard raw.refersToSoundHeaps([0], at: 0, elementSize: 1) else {
        throw RawDataError(
          .malformed, in: path, "the HDF5 heap that holds its \(name) is damaged",
          remedy: "Copy the file again or convert the scan again")
      }
      var pointer: UnsafeMutablePointer<CChar>?
      guard let memory = HDF5Types.text(H5Tget_cset(type.id)),
        H5Dread(set.id, memory.id, kst_h5s_all(), kst_h5s_all(), kst_h5p_default(), &pointer) >= 0,
        let pointer
      else { throw malformed(path, "its \(name) cannot be read") }
      defer { H5free_memory(pointer) }
      return String(cString: pointer)
    }
    let size = H5Tget_size(type.id)
    guard size <= longest else {
      throw RawDataError(
        .malformed, in: path,
        "its \(name), the XML header, claims to be \(size) bytes long, more than any header or the file",
        remedy: "The file is damaged; copy it again or convert the scan again")
    }
    var characters = [UInt8](repeating: 0, count: size)
    guard H5Dread(set.id, type.id, kst_h5s_all(), kst_h5s_all(), kst_h5p_default(), &characters) >= 0 else {
      throw malformed(path, "its \(name) cannot be read")
    }
    return String(decoding: characters.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Demands the members `head` and `data` of a compound, the latter as a sequence of real numbers.
  private static func checkType(_ data: HDF5Object, _ group: String, _ path: String) throws(RawDataError) {
    func wrong(_ what: String) -> RawDataError {
      RawDataError(
        .unsupported, in: path, "\(group)/data \(what)",
        remedy: "Convert the scan again with a current converter (ISMRMRD 1.x)")
    }
    guard let row = HDF5Object(H5Dget_type(data.id), H5Tclose), H5Tget_class(row.id) == H5T_COMPOUND else {
      throw wrong("is not a table of acquisitions")
    }
    guard HDF5Soundness.isSound(row), H5Tget_size(row.id) <= 1 << 16 else {
      throw RawDataError(
        .malformed, in: path, "the HDF5 type of \(group)/data is damaged: its columns lie beyond its rows",
        remedy: "Copy the file again or convert the scan again")
    }
    func member(_ name: String, of type: HDF5Object) -> HDF5Object? {
      let index = H5Tget_member_index(type.id, name)
      return index < 0 ? nil : HDF5Object(H5Tget_member_type(type.id, UInt32(index)), H5Tclose)
    }
    guard let head = member("head", of: row), H5Tget_class(head.id) == H5T_COMPOUND else {
      throw wrong("has no column head")
    }
    for name in ["number_of_samples", "active_channels", "flags", "idx"] where member(name, of: head) == nil {
      throw wrong("has headers without \(name)")
    }
    guard let samples = member("data", of: row), H5Tget_class(samples.id) == H5T_VLEN,
      let element = HDF5Object(H5Tget_super(samples.id), H5Tclose), H5Tget_class(element.id) == H5T_FLOAT
    else { throw wrong("has no column data of sequences of real numbers") }
  }

  private static func malformed(_ path: String, _ problem: String) -> RawDataError {
    let reason = HDF5.lastError()
    if reason.contains("bad version number") {
      return RawDataError(
        .unsupported, in: path, "\(problem); \(reason)",
        remedy:
          "It is written for a newer HDF5 than is used here; write it again for HDF5 1.10 (libver='v110')")
    }
    return RawDataError(
      .malformed, in: path, "\(problem); \(reason)",
      remedy: "The file is damaged; copy it again or convert the scan again")
  }
}
