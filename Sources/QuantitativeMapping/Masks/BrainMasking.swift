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
