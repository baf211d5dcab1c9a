/// A message that a peer sent.
public enum ReceivedMessage: Sendable, Equatable {
  /// The name of a configuration.
  case configurationName(String)
  /// The text of a configuration.
  case configurationText(String)
  /// The XML header.
  case header(String)
  /// A remark, or parameters as JSON.
  case text(String)
  /// A readout, whose samples were kept.
  case acquisition
  /// An image, a waveform or an array, which was kept.
  case other
  /// The end of the scan.
  case close
  /// The end of the connection, without the scan's own.
  case end
}
