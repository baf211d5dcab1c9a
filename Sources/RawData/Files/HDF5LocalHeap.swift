/// The heap that holds the names of an HDF5 group.
///
/// The library takes its address, its length and its list of free places as they are.
///
/// - SeeAlso: HDF5 File Format Specification 3.0, section III.D "Disk Format: Level 1D - Local Heaps".
struct HDF5LocalHeap {
  private let size: Int
  /// Where the last name ends, -1 if none does.
  private let lastEnd: Int
  private let address: UInt64

  /// Reads a heap.
  ///
  /// - Throws: ``HDF5Damage`` if the library could not find its way through.
  init(at address: UInt64, in metadata: inout HDF5Metadata) throws(HDF5Damage) {
    let what = "the heap of a group's names"
    let head = try metadata.bytes(at: address, count: 32, of: what)
    guard head.starts(with: Array("HEAP".utf8)), head[4] == 0 else {
      throw HDF5Damage("\(what) is not at byte \(address), where it is said to be")
    }
    let size: UInt64 = head.little(at: 8)
    let data = size == 0 ? [] : try metadata.bytes(at: head.little(at: 24), count: size, of: what)
    self.size = data.count
    self.address = address
    lastEnd = data.lastIndex(of: 0) ?? -1
    // Each free place holds where the next one is, and its own length; 1 ends the list.
    var free: UInt64 = head.little(at: 16), count = 0
    while free != 1 {
      guard let place = Int(exactly: free), data.count >= 16, place <= data.count - 16,
        count < data.count / 16
      else { throw HDF5Damage("free places of \(what) at byte \(address) lie beyond it or lead in circles") }
      free = data.little(at: place)
      count += 1
    }
  }

  /// Demands that a name begins and ends within the heap.
  func check(_ name: UInt64) throws(HDF5Damage) {
    guard let place = Int(exactly: name), place < size, place <= lastEnd else {
      throw HDF5Damage("a name lies beyond the heap of a group's names at byte \(address)")
    }
  }
}
