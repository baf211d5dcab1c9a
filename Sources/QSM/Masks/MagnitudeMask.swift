import MRIData
import NDArrays
import Numerics
import PhaseUnwrapping

/// A mask of the brain from the brightness of an image and morphology.
///
/// ```
/// signal > factor * robust threshold, opened (the scalp falls off), largest part, closed, holes filled, eroded
/// ```
///
/// Works on magnitudes, and as well on any map that is high where data are good, such as ``ROMEO``'s quality.
/// Opening and closing take no more than a twentieth of the radius of a ball as large as what is bright.
///
/// It knows nothing of anatomy: eyes or muscle that touch the brain over more than the opening stay.
public struct MagnitudeMask: Sendable, Equatable {
  /// The factor of the threshold.
  public var factor: Double
  /// What is thinner than twice this falls off [m].
  public var openingRadius: Double
  /// Gaps narrower than twice this are filled [m].
  public var closingRadius: Double
  /// By how much the mask is eroded in the end [m].
  public var erosion: Double

  /// Creates the method; lengths in metres.
  public init(
    factor: Double = 1, openingRadius: Double = 4e-3, closingRadius: Double = 4e-3, erosion: Double = 0
  ) {
    self.factor = factor
    self.openingRadius = openingRadius
    self.closingRadius = closingRadius
    self.erosion = erosion
  }

  /// The mask of a volume: 1 inside, 0 outside.
  ///
  /// - Throws: ``QSMError/noObject(_:)`` if nothing is left.
  public func callAsFunction(_ image: ImageVolumes<Float>) throws(QSMError) -> ImageVolumes<UInt8> {
    let volume = image[0], limit = RobustThreshold(volume).value * Float(factor)
    let size = image.geometry.voxelSize, morphology = Morphology(voxelSize: size)
    var mask = volume.map { $0 > limit }
    let bright = mask.withUnsafeBufferPointer { Double($0.count { $0 }) }
    let radius = Double.pow(bright * size.x * size.y * size.z * 0.75 / .pi, 1.0 / 3)
    mask = morphology.opened(mask, by: min(openingRadius, radius / 20))
    mask = morphology.largestPart(of: mask)
    mask = morphology.closed(mask, by: min(closingRadius, radius / 20))
    mask = morphology.withHolesFilled(mask)
    mask = morphology.eroded(mask, by: erosion)
    guard mask.withUnsafeBufferPointer({ $0.contains(true) }) else { throw .noObject("magnitude threshold") }
    return ImageVolumes(mask.map { $0 ? 1 : 0 }, geometry: image.geometry)
  }
}
