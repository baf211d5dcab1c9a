import CFFTW
import Foundation

/// What FFTW has learned by measuring, kept between runs in the user's cache folder.
///
/// A cache that cannot be read or written costs time, never a result, so failures are silent.
struct Wisdom {
  private let known: String

  private static var file: URL {
    let environment = ProcessInfo.processInfo.environment
    let caches =
      environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? URL(filePath: $0) : nil }
      ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache")
    return caches.appending(path: "kspace/fftw-wisdom")
  }

  /// Reads what earlier runs learned, once; call with the planner locked.
  static func recalled() -> Wisdom {
    _ = firstReading
    return Wisdom(known: current())
  }

  private static let firstReading: Void = read()

  /// Writes what has been learned since, if anything, or all where nothing is kept; call with the planner locked.
  func keep() {
    guard Wisdom.current() != known || !FileManager.default.fileExists(atPath: Wisdom.file.path) else {
      return
    }
    // Another process may have learned something meanwhile; reading adds to what is known here.
    Wisdom.read()
    let folder = Wisdom.file.deletingLastPathComponent()
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? Data(Wisdom.current().utf8).write(to: Wisdom.file, options: .atomic)
  }

  private static func read() {
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return }
    _ = fftwf_import_wisdom_from_string(text)
  }

  private static func current() -> String {
    guard let text = fftwf_export_wisdom_to_string() else { return "" }
    defer { free(text) }
    return String(cString: text)
  }
}
