import CHDF5
import Foundation
import NDArrays

/// The HDF5 library as one shared, serial resource.
///
/// libhdf5 runs one call at a time whatever the number of threads, and a build without its own lock does not
/// even protect itself; so every call of this module goes through ``exclusively(_:)``.
enum HDF5 {
  private static let lock = NSRecursiveLock()
  /// Done once, before the first call.
  ///
  /// At a process's end libhdf5 would look after what damaged files have left open, in vain and aloud; whatever is written is closed
  /// long before.
  private static let leavesEndAlone: Void = { _ = H5dont_atexit() }()

  /// Runs HDF5 calls undisturbed by other threads and without HDF5's printing its errors.
  static func exclusively<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    lock.lock()
    _ = leavesEndAlone
    var printer: H5E_auto2_t?
    var printerData: UnsafeMutableRawPointer?
    H5Eget_auto2(0, &printer, &printerData)
    H5Eset_auto2(0, nil, nil)
    defer {
      H5Eset_auto2(0, printer, printerData)
      lock.unlock()
    }
    return try body()
  }

  /// What HDF5 says of its last failure, innermost cause first in words, for an error's message.
  static func lastError() -> String {
    var cause = ""
    _ = withUnsafeMutablePointer(to: &cause) { cause in
      H5Ewalk2(
        0, H5E_WALK_UPWARD,
        { depth, entry, cause in
          if depth == 0, let description = entry?.pointee.desc {
            cause?.assumingMemoryBound(to: String.self).pointee = String(cString: description)
          }
          return 0
        }, cause)
    }
    return cause.isEmpty ? "HDF5 gives no reason" : "HDF5 says \"\(cause)\""
  }
}

/// An HDF5 identifier that is closed when it is no longer needed.
final class HDF5Object: Sendable {
  /// The identifier.
  let id: hid_t
  private let close: @Sendable @convention(c) (hid_t) -> herr_t

  /// Takes over an identifier; `nil` if HDF5 reported a failure in its place.
  init?(_ id: hid_t, _ close: @escaping @Sendable @convention(c) (hid_t) -> herr_t) {
    guard id >= 0 else { return nil }
    self.id = id
    self.close = close
  }

  deinit { HDF5.exclusively { _ = close(id) } }
}

/// Memory into which HDF5 unpacks the sequences of a block of rows, used again for the next block.
///
/// HDF5 would otherwise allocate and free every sequence by itself, which costs page faults for each readout.
///
/// One thread uses it at a time.
final class SequenceArena: @unchecked Sendable {
  private let memory: UnsafeMutableRawPointer
  private let capacity: Int
  private var used = 0
  /// Whether a sequence did not fit.
  private(set) var isExceeded = false

  /// An arena for a number of bytes in a number of sequences.
  init(bytes: Int, sequences: Int) {
    capacity = bytes + sequences * Self.alignment
    memory = .allocate(byteCount: capacity, alignment: Self.alignment)
  }

  deinit { memory.deallocate() }

  private static let alignment = 64

  /// Forgets what the arena holds; `false` if it is too small for what comes.
  func reset(bytes: Int, sequences: Int) -> Bool {
    used = 0
    isExceeded = false
    return capacity >= bytes + sequences * Self.alignment
  }

  private func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size <= capacity - used else {
      isExceeded = true
      return nil
    }
    defer { used += (size + Self.alignment - 1) / Self.alignment * Self.alignment }
    return memory + used
  }

  /// Transfer properties with which HDF5 places sequences into this arena.
  ///
  /// A sequence that does not fit makes the read fail: it is longer than the headers say.
  func transferProperties() -> HDF5Object? {
    guard let properties = HDF5Object(H5Pcreate(kst_h5p_dataset_xfer()), H5Pclose) else { return nil }
    let status = H5Pset_vlen_mem_manager(
      properties.id,
      { size, arena in
        arena.flatMap { Unmanaged<SequenceArena>.fromOpaque($0).takeUnretainedValue().allocate(size) }
      }, Unmanaged.passUnretained(self).toOpaque(), { _, _ in }, nil)
    return status >= 0 ? properties : nil
  }
}
