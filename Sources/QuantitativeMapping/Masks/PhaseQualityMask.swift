import MRIData
import NDArrays
import PhaseUnwrapping
import QSM

/// A mask from the quality of the phase, for scans without a magnitude or objects that are no head.
///
/// ```
/// ROMEO's quality of the field's edges x brightness up to a bright level -> threshold and morphology
/// ```
public struct PhaseQualityMask: BrainMasking {
  /// Whose quality counts; that of ``ROMEO/Weights/romeo2`` for ``ROMEO/Weights/bestpath``, which has none.
  public var unwrapping: ROMEO
  /// What makes a mask of the quality.
  public var threshold: MagnitudeMask

  /// Creates the method; the erosion in metres.
  public init(unwrapping: ROMEO = ROMEO(), erosion: Double = 0) {
    self.unwrapping = unwrapping
    threshold = MagnitudeMask(erosion: erosion)
  }

  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("phase quality", revision: 2).with("quality", judging.configuration)
      .with("threshold", threshold.configuration)
  }

  /// The method that judges edges: by second differences there is none.
  private var judging: ROMEO {
    var method = unwrapping
    if method.weights == .bestpath { method.weights = .romeo2 }
    return method
  }

  /// What the mask follows from.
  public var account: String { "the quality of the phase and morphology, which knows no anatomy" }

  /// The mask of a scan.
  ///
  /// - Throws: ``MappingError/noField(reason:)`` without a field, ``QSMError/noObject(_:)`` if nothing is left.
  public func callAsFunction(_ maps: EchoMaps) throws -> BrainMask {
    var quality = try maps.phaseQuality(by: judging, magnitude: maps.combinedMagnitude?[0])
    if let first = maps.magnitude?[0].elements {
      let bright = max(first.filter(\.isFinite).sorted().ranked(0.95) ?? 1, .leastNormalMagnitude)
      quality.withUnsafeMutableBufferPointer { quality in
        for index in quality.indices {
          quality[index] *= first[index].isFinite ? min(first[index] / bright, 1) : 0
        }
      }
    }
    return BrainMask(try threshold(ImageVolumes(quality, geometry: maps.geometry)), origin: account)
  }
}
