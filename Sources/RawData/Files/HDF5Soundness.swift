import CHDF5
import Synchronization

/// What is checked of a file before libhdf5 works on it, because damage there ends the process or never ends.
///
/// - Compound types whose members lie beyond them: conversion writes beyond its buffers.
/// - Chunks that claim to be larger than their rows: reading them writes beyond its buffers.
/// - Rows that take more than is stored of them: reading them reads from beyond its buffers.
/// - Global heap collections whose objects have impossible sizes: the library walks in circles.
/// - References to objects that are not there, or are of other lengths than their references say: the library reads from
///   anywhere, or writes beyond its buffers.
///
/// - SeeAlso: HDF5 File Format Specification 3.0, section III.E "Global Heap".
enum HDF5Soundness {
  /// Whether the members of a type, and theirs, lie within it.
  ///
  /// Used inside ``HDF5/exclusively(_:)``.
  static func isSound(_ type: HDF5Object, depth: Int = 0) -> Bool {
    guard depth < 8 else { return false }
    let size = H5Tget_size(type.id)
    guard size > 0 else { return false }
    switch H5Tget_class(type.id) {
    case H5T_COMPOUND:
      let count = H5Tget_nmembers(type.id)
      guard count > 0 else { return false }
      var ranges: [Range<Int>] = []
      for index in 0..<UInt32(count) {
        guard let member = HDF5Object(H5Tget_member_type(type.id, index), H5Tclose),
          isSound(member, depth: depth + 1)
        else { return false }
        let offset = H5Tget_member_offset(type.id, index), length = H5Tget_size(member.id)
        guard offset <= size, length <= size - offset else { return false }
        ranges.append(offset..<offset + length)
      }
      ranges.sort { $0.lowerBound < $1.lowerBound }
      return zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }
    case H5T_ARRAY:
      guard let element = HDF5Object(H5Tget_super(type.id), H5Tclose), isSound(element, depth: depth + 1)
      else { return false }
      var extents = [hsize_t](repeating: 0, count: max(0, Int(H5Tget_array_ndims(type.id))))
      guard H5Tget_array_dims2(type.id, &extents) >= 0 else { return false }
      var product = H5Tget_size(element.id)
      for extent in extents {
        let (next, overflows) = product.multipliedReportingOverflow(by: Int(clamping: extent))
        guard !overflows else { return false }
        product = next
      }
      return product == size
    case H5T_VLEN:
      guard let element = HDF5Object(H5Tget_super(type.id), H5Tclose) else { return false }
      return isSound(element, depth: depth + 1)
    default:
      return true
    }
  }

  /// Whether the rows of a table are stored in as many bytes as they take, in each chunk where there are chunks, unpacked
  /// where these are packed.
  ///
  /// Used inside ``HDF5/exclusively(_:)``.
  static func hasSoundStorage(_ data: HDF5Object, rank: Int, rows: Int, fileSize: Int) -> Bool {
    guard let creation = HDF5Object(H5Dget_create_plist(data.id), H5Pclose),
      let type = HDF5Object(H5Dget_type(data.id), H5Tclose), let filters = HDF5Filters(creation)
    else { return false }
    let layout = H5Pget_layout(creation.id)
    guard layout == H5D_CHUNKED else {
      let (needed, overflows) = fileSizeOf(type).multipliedReportingOverflow(by: rows)
      // What was never written is read as zeros.
      let isStored =
        layout == H5D_COMPACT || layout == H5D_CONTIGUOUS && H5Dget_offset(data.id) != haddr_t.max
      return !overflows && (!isStored || H5Dget_storage_size(data.id) >= needed)
    }
    var chunk = [hsize_t](repeating: 0, count: max(1, rank))
    guard rank > 0, H5Pget_chunk(creation.id, Int32(rank), &chunk) == Int32(rank), chunk[0] > 0 else {
      return false
    }
    var size = fileSizeOf(type)
    for extent in chunk {
      let (product, overflows) = size.multipliedReportingOverflow(by: Int(clamping: extent))
      guard !overflows else { return false }
      size = product
    }
    for first in stride(from: 0, to: rows, by: Int(clamping: chunk[0])) {
      let chunk = HDF5Chunk(of: data, rank: rank, row: first, fileSize: fileSize)
      guard chunk.isSound(filters, size: size) else { return false }
    }
    return true
  }

  /// What an element takes in the file [byte]: in memory a text of any length is a pointer, in the file a reference like that of a
  /// sequence.
  static func fileSizeOf(_ type: HDF5Object) -> Int {
    H5Tis_variable_str(type.id) > 0 ? 16 : H5Tget_size(type.id)
  }
}

/// The rows of a data set as they lie in the file, where they can be had, and the heap collections that they refer to.
final class HDF5RawRows: Sendable {
  private let file: InputFile
  private let data: HDF5Object
  private let rank: Int
  private let place: Place
  private let rowSize: Int
  /// Where addresses count from.
  private let base: Int
  /// The lengths of the objects of the collections that were found sound, by their numbers; -1 for numbers without one [byte].
  private let sound = Mutex<[Int: [Int]]>([:])

  private enum Place {
    case nowhere
    case contiguous(offset: Int)
    case chunks(rows: Int, HDF5Filters)
  }

  /// Finds out where rows lie; `nil` if they cannot be had: within the object's header, in other files, packed by other
  /// filters than HDF5's own.
  ///
  /// Used inside ``HDF5/exclusively(_:)``.
  init?(_ file: InputFile, _ data: HDF5Object, rank: Int) {
    guard let type = HDF5Object(H5Dget_type(data.id), H5Tclose),
      let creation = HDF5Object(H5Dget_create_plist(data.id), H5Pclose),
      let owner = HDF5Object(H5Iget_file_id(data.id), H5Fclose),
      let properties = HDF5Object(H5Fget_create_plist(owner.id), H5Pclose)
    else { return nil }
    var addressSize = 0, lengthSize = 0
    var userBlock: hsize_t = 0
    guard H5Pget_sizes(properties.id, &addressSize, &lengthSize) >= 0, addressSize == 8, lengthSize == 8,
      H5Pget_userblock(properties.id, &userBlock) >= 0, let base = Int(exactly: userBlock)
    else { return nil }
    self.base = base
    rowSize = HDF5Soundness.fileSizeOf(type)
    switch H5Pget_layout(creation.id) {
    case H5D_CONTIGUOUS where H5Pget_external_count(creation.id) == 0:
      let offset = H5Dget_offset(data.id)
      if offset == haddr_t.max {
        place = .nowhere
      } else {
        guard let offset = Int(exactly: offset), offset < file.size else { return nil }
        place = .contiguous(offset: offset)
      }
    case H5D_CHUNKED:
      var chunk = [hsize_t](repeating: 0, count: max(1, rank))
      guard let filters = HDF5Filters(creation),
        H5Pget_chunk(creation.id, Int32(rank), &chunk) == Int32(rank),
        chunk.dropFirst().allSatisfy({ $0 == 1 }), let rows = Int(exactly: chunk[0]), rows > 0,
        rows <= 1 << 20, rowSize <= 1 << 16, rows * rowSize <= HDF5Chunk.largest
      else { return nil }
      place = .chunks(rows: rows, filters)
    default: return nil
    }
    self.file = file
    self.data = data
    self.rank = rank
  }

  /// Whether the heap collections to which rows refer can be walked through.
  ///
  /// - Parameters:
  ///   - rows: The rows, in ascending order.
  ///   - offset: Where a row holds the reference: its count, the collection's address and the object's number.
  ///   - elementSize: What each of the counted elements takes in the file [byte].
  ///
  /// Used inside ``HDF5/exclusively(_:)``.
  func refersToSoundHeaps(_ rows: some Sequence<Int>, at offset: Int, elementSize: Int) -> Bool {
    guard offset + 16 <= rowSize else { return false }
    var bytes: [UInt8] = [], current = -1
    var last = -1, lengths: [Int] = []
    for row in rows {
      var start = offset
      switch place {
      case .nowhere: return true
      case .contiguous(let first):
        let (place, overflows) = row.multipliedReportingOverflow(by: rowSize)
        guard !overflows, place < file.size, let read = try? file.bytes(at: first + place, upTo: rowSize),
          read.count == rowSize
        else { return false }
        bytes = read
      case .chunks(let count, let filters):
        start += row % count * rowSize
        if row / count != current {
          current = row / count
          let chunk = HDF5Chunk(of: data, rank: rank, row: current * count, fileSize: file.size)
          // One that was never written is read as zeros.
          guard chunk.isWritten else {
            current = -1
            continue
          }
          guard let unpacked = chunk.unpacked(filters, size: count * rowSize) else { return false }
          bytes = unpacked
        }
      }
      let (count, address, number): (UInt32, UInt64, UInt32) = bytes.withUnsafeBytes {
        ($0.little(at: start), $0.little(at: start + 4), $0.little(at: start + 12))
      }
      guard count > 0, address != .max, address != 0 else { continue }
      guard let collection = Int(exactly: address), collection <= file.size - base else { return false }
      if collection != last {
        guard let found = lengthsOfObjects(in: base + collection) else { return false }
        (last, lengths) = (collection, found)
      }
      // The library reserves what the reference says, and takes for content what follows a shorter object.
      let (length, overflows) = Int(count).multipliedReportingOverflow(by: elementSize)
      guard !overflows, number < lengths.count, lengths[Int(number)] == length else { return false }
    }
    return true
  }

  /// The lengths of a collection's objects by their numbers; `nil` unless they follow each other up to its end, as the
  /// library takes them.
  private func lengthsOfObjects(in collection: Int) -> [Int]? {
    if let known = sound.withLock({ $0[collection] }) { return known }
    guard collection > 0, collection <= file.size - 16, let head = try? file.bytes(at: collection, upTo: 16),
      head.count == 16, head.starts(with: Array("GCOL".utf8)), head[4] == 1
    else { return nil }
    let size: UInt64 = head.withUnsafeBytes { $0.little(at: 8) }
    guard let size = Int(exactly: size), size >= 32, size <= file.size - collection else { return nil }
    var lengths: [Int] = []
    let whole = size <= 1 << 20 ? try? file.bytes(at: collection, upTo: size) : nil
    var position = 16
    while position + 16 <= size {
      let bytes: [UInt8]
      if let whole {
        guard whole.count == size else { return nil }
        bytes = Array(whole[position..<position + 16])
      } else {
        guard let read = try? file.bytes(at: collection + position, upTo: 16), read.count == 16 else {
          return nil
        }
        bytes = read
      }
      let (number, length): (UInt16, UInt64) = bytes.withUnsafeBytes { ($0.little(at: 0), $0.little(at: 8)) }
      guard let length = Int(exactly: length), length <= size - position else { return nil }
      // Object 0 is what is free, its header included.
      let step = number == 0 ? length : 16 + (length + 7) / 8 * 8
      guard step >= 16, step <= size - position else { return nil }
      if number > 0 {
        let missing = Int(number) + 1 - lengths.count
        if missing > 0 { lengths.append(contentsOf: repeatElement(-1, count: missing)) }
        // Of two with one number the library takes either.
        lengths[Int(number)] = max(lengths[Int(number)], length)
      }
      position += step
    }
    sound.withLock { $0[collection] = lengths }
    return lengths
  }
}
