import Foundation
import RawData
import Synchronization

/// A connection, or a pair of pipes, by the numbers of its open files.
public final class DescriptorStream: ByteStream {
  /// The server ends.
  public struct Stopped: Error, CustomStringConvertible {
    /// In words.
    public let description = "the server is ending"
  }

  private let input: Int32
  private let output: Int32
  private let takesFromSocket: Bool
  private let givesToSocket: Bool
  private let patience: Duration
  private let isStopping: @Sendable () -> Bool

  /// Takes over open files, which are closed with this object.
  ///
  /// - Parameters:
  ///   - input: What the peer sends.
  ///   - output: What the peer takes; the same for a connection.
  ///   - patience: How long a peer may take nothing that is sent.
  ///   - isStopping: Whether waiting should end.
  public init(
    input: Int32, output: Int32, patience: Duration = .seconds(60),
    isStopping: @escaping @Sendable () -> Bool = { false }
  ) {
    self.input = input
    self.output = output
    self.patience = patience
    self.isStopping = isStopping
    takesFromSocket = Self.isSocket(input)
    givesToSocket = Self.isSocket(output)
  }

  private static func isSocket(_ descriptor: Int32) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  deinit {
    close(input)
    if output != input { close(output) }
  }

  /// Waits until there are bytes, and takes as many as there are and fit.
  ///
  /// - Throws: ``StreamTimeout``, ``Stopped``, or an error of the system.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, until deadline: ContinuousClock.Instant
  ) throws -> Int {
    while true {
      // What has come is taken at once; only who has nothing waits.
      if takesFromSocket, !isStopping() {
        let count = recv(input, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        if count >= 0 { return count }
        if errno == ECONNRESET { return 0 }
        guard errno == EAGAIN || errno == EINTR else { throw failure() }
      }
      try wait(for: Int16(POLLIN), of: input, until: deadline, "nothing came for too long")
      if takesFromSocket { continue }
      let count = Foundation.read(input, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      guard errno == EINTR || errno == EAGAIN else { throw failure() }
    }
  }

  /// Sends all of the bytes.
  ///
  /// - Throws: ``StreamTimeout``, ``Stopped``, or an error of the system.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      try wait(
        for: Int16(POLLOUT), of: output, until: .now + patience, "the peer took nothing for too long",
        endsEarly: false)
      let start = bytes.baseAddress.map { $0 + done }, left = bytes.count - done
      // A pipe that is ready takes so many bytes without waiting.
      let count =
        givesToSocket
        ? send(output, start, left, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        : Foundation.write(output, start, min(left, Int(PIPE_BUF)))
      if count >= 0 {
        done += count
      } else if errno != EINTR, errno != EAGAIN {
        throw failure()
      }
    }
  }

  /// Sends nothing more, and takes what still comes, for a while: a peer whose bytes nobody takes would lose what was
  /// sent to it last.
  public func finish(within time: Duration) {
    guard givesToSocket else { return }
    shutdown(output, Int32(SHUT_WR))
    let deadline = ContinuousClock.now + time
    withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
      while let count = try? read(into: buffer, until: deadline), count > 0, .now < deadline {}
    }
  }

  /// Waits in steps, so that the end of the server is seen.
  private func wait(
    for events: Int16, of descriptor: Int32, until deadline: ContinuousClock.Instant, _ what: String,
    endsEarly: Bool = true
  ) throws {
    while true {
      if endsEarly, isStopping() { throw Stopped() }
      let left = (deadline - .now) / .milliseconds(1)
      var request = pollfd(fd: descriptor, events: events, revents: 0)
      let count = poll(&request, 1, Int32(max(0, min(left, 250))))
      if count > 0 { return }
      if count < 0, errno != EINTR { throw failure() }
      if left <= 0 { throw StreamTimeout(what) }
    }
  }

  private func failure() -> any Error {
    StreamTimeout("the connection broke (\(String(cString: strerror(errno))))")
  }
}
