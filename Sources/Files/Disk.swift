import Foundation

/// What lies under the file system's caches.
enum Disk {
  /// Waits until what a file or folder holds has reached the disk, where the file system can say so.
  static func synchronize(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }
}
