import Files
import MRIData

/// The unit of an image's voxels, as BIDS writes it.
public enum ImageUnits: String, Sendable, Codable {
  /// Radians.
  case radians = "rad"
  /// Hertz.
  case hertz = "Hz"
  /// Reciprocal seconds.
  case perSecond = "1/s"
  /// Radians per second.
  case radiansPerSecond = "rad/s"
  /// Parts per million.
  case partsPerMillion = "ppm"
  /// Parts per billion.
  case partsPerBillion = "ppb"
  /// The scale has no meaning.
  case arbitrary
}
