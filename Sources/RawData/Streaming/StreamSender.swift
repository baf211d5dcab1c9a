import Synchronization

/// Sends MRD messages to a peer.
public final class StreamSender: Sendable {
  private let stream: any ByteStream
  private let isClosed = Mutex(false)

  /// Prepares to send.
  public init(_ stream: any ByteStream) { self.stream = stream }

  /// Sends a line for the scanner's log, whose first letters tell how serious it is.
  ///
  /// - Throws: What sending throws.
  public func send(text: String) throws {
    // Readers cut at the zero byte, which the length counts.
    let bytes = Array(text.utf8) + [0]
    try send(.text, StreamMessage.prefix(bytes.count) + bytes)
  }

  /// Sends an image.
  ///
  /// - Throws: What sending throws.
  public func send(_ image: MRDImage) throws { try send(.image, image.bytes) }

  /// Sends the closing message, once.
  ///
  /// - Throws: What sending throws.
  public func close() throws {
    try send(.close, [])
    isClosed.withLock { $0 = true }
  }

  private func send(_ message: StreamMessage, _ body: [UInt8]) throws {
    try isClosed.withLock { isClosed in
      guard !isClosed else { return }
      let number = withUnsafeBytes(of: message.rawValue.littleEndian) { Array($0) }
      try (number + body).withUnsafeBytes { try stream.write($0) }
    }
  }
}

extension StreamMessage {
  /// A length in 32 bits.
  fileprivate static func prefix(_ length: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(length).littleEndian) { Array($0) }
  }
}
