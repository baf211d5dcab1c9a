import Foundation

/// Takes in an MRD stream from a peer that nobody vouches for.
///
/// Every length is held against the limits before anything is made for it, texts grow as they come, and samples are
/// never held: they go on to a ``StreamSpool``.
public final class StreamReceiver {
  /// The number of readouts so far.
  public private(set) var acquisitions = 0
  /// The number of bytes of all messages so far.
  public private(set) var count = 0
  private let stream: any ByteStream
  private let limits: StreamLimits
  private let name: String
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
  private var unread = 0..<0
  private var spool: StreamSpool?
  /// What came before there was a spool: texts, whose length is limited.
  private var opening: [UInt8] = []

  /// Prepares to receive.
  ///
  /// - Parameters:
  ///   - stream: The way from the peer.
  ///   - name: What messages call it.
  ///   - limits: What the peer may do.
  public init(_ stream: any ByteStream, name: String, limits: StreamLimits = .init()) {
    self.stream = stream
    self.name = name
    self.limits = limits
  }

  deinit { buffer.deallocate() }

  /// Keeps everything, what has come already as well.
  ///
  /// - Throws: ``RawDataError`` if the disk is full or fails.
  public func keep(in spool: StreamSpool) throws {
    try opening.withUnsafeBytes { try spool.append($0) }
    opening = []
    self.spool = spool
  }

  /// The scan as a file, after its closing message.
  ///
  /// - Throws: ``RawDataError`` as for any file that is opened.
  public func finish() throws -> MRDFile {
    guard let spool else { preconditionFailure("nothing was kept") }
    try spool.truncate(to: count)
    return try spool.finish()
  }

  /// Takes in the next message.
  ///
  /// - Parameter deadline: When it must be there, if that is earlier than the limits say.
  /// - Throws: ``RawDataError`` if it is no message, or longer than allowed, or cut; ``StreamTimeout``; whatever ends a
  ///   connection.
  public func next(before deadline: ContinuousClock.Instant? = nil) throws -> ReceivedMessage {
    func earlier(_ limit: Duration) -> ContinuousClock.Instant {
      min(deadline ?? .now + limit, .now + limit)
    }
    // The peer may pause between messages, not within one.
    guard try fill(until: earlier(limits.pause)) else { return .end }
    let end = earlier(limits.messageTime)
    let number: UInt16 = try bytes(2, until: end).withUnsafeBytes { $0.little(at: 0) }
    guard let message = StreamMessage(rawValue: number) else {
      throw malformed(
        "after \(acquisitions) acquisitions a message has the number \(number), which MRD 1 does not define",
        remedy: "Send configuration, header, acquisitions and the closing message")
    }
    let fixed = try bytes(message.fixedSize, until: end)
    guard message.extentSize(fixed) <= 1024 else { throw tooLong(message, "has more than 128 axes") }
    let extents = try bytes(message.extentSize(fixed), until: end)
    let size: Int
    do {
      size = try message.restSize(fixed, extents: extents)
    } catch StreamMessageFault.unknownType {
      throw malformed("a message holds numbers of an unknown type", remedy: "Send types that MRD 1 defines")
    } catch {
      throw tooLong(message, "states a length beyond any memory")
    }
    try check(message, fixed, size)
    switch message {
    case .configurationFile: return .configurationName(Self.text(fixed))
    case .configurationText: return .configurationText(Self.text(try bytes(size, until: end)))
    case .header: return .header(Self.text(try bytes(size, until: end)))
    case .text: return .text(Self.text(try bytes(size, until: end)))
    case .close: return .close
    case .acquisition:
      acquisitions += 1
      try skip(size, until: end)
      return .acquisition
    case .image, .waveform, .array:
      try skip(size, until: end)
      return .other
    }
  }

  private func check(_ message: StreamMessage, _ fixed: [UInt8], _ size: Int) throws {
    switch message {
    case .configurationText, .header, .text:
      guard size <= limits.textLength else {
        throw tooLong(message, "states \(size) bytes of text; \(limits.textLength) are possible")
      }
    case .acquisition:
      let header = fixed.withUnsafeBytes { AcquisitionHeader(bytes: $0) }
      guard header.activeChannels <= limits.channels else {
        throw tooLong(message, "states \(header.activeChannels) channels; \(limits.channels) are possible")
      }
      guard acquisitions < limits.acquisitions else {
        throw tooLong(message, "comes after \(acquisitions) others, which is the largest number possible")
      }
    default: break
    }
    guard size <= limits.messageLength else {
      throw tooLong(message, "states \(size) bytes; \(limits.messageLength) are possible")
    }
    guard count + size <= limits.scanLength else {
      throw tooLong(message, "makes the scan longer than \(limits.scanLength) bytes")
    }
  }

  /// The next bytes, which grow as they come.
  private func bytes(_ count: Int, until deadline: ContinuousClock.Instant) throws -> [UInt8] {
    var result: [UInt8] = []
    while result.count < count {
      try require(until: deadline)
      let part = min(count - result.count, unread.count)
      result.append(contentsOf: buffer[unread.lowerBound..<unread.lowerBound + part])
      take(part)
    }
    return result
  }

  private func skip(_ count: Int, until deadline: ContinuousClock.Instant) throws {
    var left = count
    while left > 0 {
      try require(until: deadline)
      let part = min(left, unread.count)
      take(part)
      left -= part
    }
  }

  private func take(_ part: Int) {
    unread = unread.lowerBound + part..<unread.upperBound
    count += part
  }

  private func require(until deadline: ContinuousClock.Instant) throws {
    guard try fill(until: deadline) else {
      throw RawDataError(
        .truncated, in: name, "the connection ended within a message, after \(acquisitions) acquisitions",
        remedy: "Send the scan again in whole")
    }
  }

  /// Makes sure that there are unread bytes; `false` at the end of the connection.
  private func fill(until deadline: ContinuousClock.Instant) throws -> Bool {
    guard unread.isEmpty else { return true }
    let size = try stream.read(into: buffer, until: deadline)
    let part = UnsafeRawBufferPointer(rebasing: buffer[..<size])
    if let spool { try spool.append(part) } else { opening.append(contentsOf: part) }
    unread = 0..<size
    return size > 0
  }

  /// The text up to its first zero byte, which some writers count.
  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private func tooLong(_ message: StreamMessage, _ what: String) -> RawDataError {
    malformed("message \(message.rawValue) \(what)", remedy: "Check the program that sends the scan")
  }

  private func malformed(_ problem: String, remedy: String) -> RawDataError {
    RawDataError(.malformed, in: name, problem, remedy: remedy)
  }
}
