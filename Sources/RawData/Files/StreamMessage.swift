/// The messages of an MRD stream: a 16-bit number, then a body; no length, no way to find the next one otherwise.
enum StreamMessage: UInt16 {
  /// The name of a configuration, 1024 bytes.
  case configurationFile = 1
  /// A configuration's text, after its length in 32 bits.
  case configurationText = 2
  /// The XML header, after its length in 32 bits.
  case header = 3
  /// The end.
  case close = 4
  /// A remark, after its length in 32 bits.
  case text = 5
  /// A readout: 340 bytes of header, the trajectory, the samples.
  case acquisition = 1008
  /// An image: 198 bytes of header, the attributes after their length in 64 bits, the voxels.
  case image = 1022
  /// A waveform: 40 bytes of header, 32-bit samples.
  case waveform = 1026
  /// An array of numbers.
  case array = 1030

  /// The bytes of a body after which its size is known.
  var fixedSize: Int {
    switch self {
    case .configurationFile: 1024
    case .configurationText, .header, .text: 4
    case .close: 0
    case .acquisition: AcquisitionHeader.byteCount
    case .image: 198 + 8
    case .waveform: 40
    case .array: 6
    }
  }
}
