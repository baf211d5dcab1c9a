/// What a peer may send at most, and how long it may take.
public struct StreamLimits: Sendable {
  /// The length of a text [bytes].
  public var textLength = 16 << 20
  /// The length of any other message [bytes].
  public var messageLength = 256 << 20
  /// The length of a scan [bytes].
  public var scanLength = 256 << 30
  /// The number of readouts, whose headers are held in memory.
  public var acquisitions = 4_000_000
  /// The number of receive channels.
  public var channels = 1024
  /// The time that a message may take from its first byte to its last.
  public var messageTime = Duration.seconds(60)
  /// The time between two messages.
  public var pause = Duration.seconds(600)

  /// The time that a scan may take from its header to its end.
  public var scanTime = Duration.seconds(4 * 3600)

  /// Limits that no scanner reaches.
  public init() {}
}
