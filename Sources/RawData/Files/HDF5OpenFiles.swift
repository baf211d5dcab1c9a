import CHDF5
import Foundation

/// The HDF5 files that were opened last, each once, whatever the number of its readers.
///
/// libhdf5 1.10 keeps conversions of variable-length types that refer to the opening of the file for which they were
/// made. Opening a file again while an earlier opening is being closed has been seen to end the process; so an
/// opening is shared, and stays for a while after its last reader.
enum HDF5OpenFiles {
  /// A file as it was when it was opened.
  private struct Identity: Equatable {
    let device: dev_t
    let node: ino_t
    let size: off_t
    let seconds: Int
    let nanoseconds: Int

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      (device, node, size) = (status.st_dev, status.st_ino, status.st_size)
      (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }
  }

  private static let capacity = 32
  // Touched only within `HDF5.exclusively`.
  nonisolated(unsafe) private static var recent: [(identity: Identity, file: HDF5Object)] = []

  /// The opening of a file for reading, made anew if there is none of the file as it is now.
  ///
  /// The caller holds HDF5's lock.
  static func file(at path: String, opening: () -> HDF5Object?) -> HDF5Object? {
    guard let identity = Identity(path) else { return opening() }
    if let known = recent.first(where: { $0.identity == identity }) { return known.file }
    // The same file with other content: what HDF5 remembers of it no longer holds.
    recent.removeAll { $0.identity.device == identity.device && $0.identity.node == identity.node }
    guard let file = opening() else { return nil }
    if recent.count == capacity { recent.removeFirst() }
    recent.append((identity, file))
    return file
  }
}
