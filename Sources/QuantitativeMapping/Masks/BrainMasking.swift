import MRIData
import NDArrays
import PhaseUnwrapping
import QSM

/// A way to find where a scan shows brain.
///
///     let mask = try BrainExtraction()(maps)
public protocol BrainMasking: ConfiguredMethod {
  /// The mask of a scan.
  ///
  /// - Throws: ``QSMError`` if nothing stands out, ``MappingError`` if the scan lacks what the method looks at.
  func callAsFunction(_ maps: EchoMaps) throws -> BrainMask

  /// What the mask follows from, in words.
  var account: String { get }
}

extension BrainExtraction: BrainMasking {
  /// What the mask follows from.
  public var account: String { "tissue with a phase within a surface that grew to the brain's edge" }

  /// The mask of a scan, from the magnitudes of all echoes and the quality of the field.
  ///
  /// - Throws: ``MappingError/noMagnitude(_:)`` without any, ``QSMError/noObject(_:)`` if nothing stands out.
  public func callAsFunction(_ maps: EchoMaps) throws -> BrainMask {
    guard let magnitude = maps.combinedMagnitude, let echoes = maps.magnitude else {
      throw MappingError.noMagnitude("brain extraction")
    }
    let first = ImageVolumes(echoes[0], geometry: maps.geometry)
    let quality = try maps.field?.period == nil ? nil : maps.phaseQuality(by: ROMEO())
    return BrainMask(try self(magnitude, first: first, quality: quality), origin: account)
  }
}

extension BrainSurface: BrainMasking {
  /// What the mask follows from.
  public var account: String { "a surface that grew to the brain's edge" }

  /// The mask of a scan, from the magnitudes of all echoes.
  ///
  /// - Throws: ``MappingError/noMagnitude(_:)`` without any, ``QSMError/noObject(_:)`` if nothing stands out.
  public func callAsFunction(_ maps: EchoMaps) throws -> BrainMask {
    guard let magnitude = maps.combinedMagnitude else { throw MappingError.noMagnitude("a brain surface") }
    return BrainMask(try self(magnitude), origin: account)
  }
}

extension MagnitudeMask: BrainMasking {
  /// What the mask follows from.
  public var account: String { "the brightness of the magnitude and morphology, which knows no anatomy" }

  /// The mask of a scan, from the magnitudes of all echoes.
  ///
  /// - Throws: ``MappingError/noMagnitude(_:)`` without any, ``QSMError/noObject(_:)`` if nothing is left.
  public func callAsFunction(_ maps: EchoMaps) throws -> BrainMask {
    guard let magnitude = maps.combinedMagnitude else { throw MappingError.noMagnitude("a threshold") }
    return BrainMask(try self(magnitude), origin: account)
  }
}

/// A mask from the quality of the phase, for scans without a magnitude or objects that are no head.
///
/// ```
/// ROMEO's quality of the field's edges x brightness up to a bright level -> threshold and morphology
/// ```
public struct PhaseQualityMask: BrainMasking {
  /// Whose quality counts.
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
    MethodConfiguration("phase quality", revision: 1).with("quality", unwrapping.configuration)
      .with("threshold", threshold.configuration)
  }

  /// What the mask follows from.
  public var account: String { "the quality of the phase and morphology, which knows no anatomy" }

  /// The mask of a scan.
  ///
  /// - Throws: ``MappingError/noField(reason:)`` without a field, ``QSMError/noObject(_:)`` if nothing is left.
  public func callAsFunction(_ maps: EchoMaps) throws -> BrainMask {
    var quality = try maps.phaseQuality(by: unwrapping, magnitude: maps.combinedMagnitude?[0])
    if let first = maps.magnitude?[0].elements {
      let sorted = first.filter(\.isFinite).sorted()
      let bright = sorted.isEmpty ? 1 : max(sorted[(sorted.count - 1) * 95 / 100], .leastNormalMagnitude)
      quality.withUnsafeMutableBufferPointer { quality in
        for index in quality.indices {
          quality[index] *= first[index].isFinite ? min(first[index] / bright, 1) : 0
        }
      }
    }
    return BrainMask(try threshold(ImageVolumes(quality, geometry: maps.geometry)), origin: account)
  }
}

extension EchoMaps {
  /// How well the field of each voxel goes with its neighbours', 0 to 1.
  ///
  /// - Parameters:
  ///   - unwrapping: Whose quality counts.
  ///   - magnitude: A magnitude that counts as well.
  /// - Throws: ``MappingError/noField(reason:)`` without a field.
  func phaseQuality(by unwrapping: ROMEO, magnitude: NDArray<Float>? = nil) throws -> NDArray<Float> {
    guard let field else { throw MappingError.noField(reason: "the echoes tell none") }
    // A field that is unwrapped already is judged as the phase of a typical echo.
    let period = Float(field.period ?? 100), turn = 2 * Float.pi / period
    return try unwrapping.quality(
      field.values[0].map { ($0 - period * ($0 / period).rounded()) * turn }, magnitude: magnitude)
  }
}
