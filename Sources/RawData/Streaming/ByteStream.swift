/// A way to and from a peer: a connection, a pair of pipes.
///
/// Reading and writing may be done by two threads at once, each by one at a time.
public protocol ByteStream: AnyObject, Sendable {
  /// Waits until there are bytes, and takes as many as there are and fit.
  ///
  /// - Parameters:
  ///   - buffer: Where to put them.
  ///   - deadline: When to give up.
  /// - Returns: Their number; zero if the peer sends nothing more.
  /// - Throws: ``StreamTimeout``, and whatever ends a connection.
  func read(into buffer: UnsafeMutableRawBufferPointer, until deadline: ContinuousClock.Instant) throws -> Int

  /// Sends all of the bytes.
  ///
  /// - Throws: ``StreamTimeout`` if the peer takes none for too long, and whatever ends a connection.
  func write(_ bytes: UnsafeRawBufferPointer) throws
}

/// A peer kept another one waiting for too long.
public struct StreamTimeout: Error, CustomStringConvertible {
  /// What was waited for, in words.
  public let description: String

  /// Says what was waited for.
  public init(_ description: String) { self.description = description }
}
