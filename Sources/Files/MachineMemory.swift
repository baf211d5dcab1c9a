import CSystem
import Foundation

/// The memory of the machine.
public enum MachineMemory {
  /// What this process may take: the machine's memory, or less where the system's limits say so [bytes].
  public static let limit = Int(clamping: min(ProcessInfo.processInfo.physicalMemory, memory_limit()))

  /// Refuses a file whose content the memory cannot hold.
  ///
  /// - Parameters:
  ///   - needed: What the content takes [bytes]; `nil` for more than can be counted.
  ///   - path: The file.
  /// - Throws: ``FileError/tooLarge(path:neededBytes:availableBytes:)``.
  public static func check(_ needed: Int?, toRead path: String) throws(FileError) {
    guard let needed, needed <= limit else {
      throw .tooLarge(path: path, neededBytes: needed ?? .max, availableBytes: limit)
    }
  }

  /// Refuses work that the memory cannot hold.
  ///
  /// - Parameters:
  ///   - needed: What the work takes at its peak [bytes].
  ///   - work: What it is called, such as `the reconstruction`.
  ///   - place: What is meant in the error.
  ///   - remedy: What to do about it.
  /// - Throws: ``InputError`` if it needs more than there is.
  public static func check(_ needed: Double, for work: String, at place: String, remedy: String)
    throws(InputError)
  {
    let available = Double(limit)
    guard needed > available else { return }
    throw InputError(
      place,
      String(
        format: "%@ needs about %.1f GB of memory, and there are %.1f GB", work, needed / 1e9, available / 1e9
      ),
      remedy: remedy)
  }
}
