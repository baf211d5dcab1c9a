import MRIData
import NDArrays
import QSM

/// Finds where strong sources make a field doubtful, so that the rest is mapped without them first.
///
/// A haemorrhage or a calcification has little signal, and a field that is steep, wraps between neighbours and dephases
/// within voxels: what is measured there is wrong, and an inversion spreads the error along the dipole's cone. Without
/// those voxels the source lies outside of what is mapped, and its field is removed with the background.
///
/// ```
/// all known voxels -> map 1 -> without its unreliable parts -> map 2;    map 2 where it is known, else map 1
/// ```
///
/// - SeeAlso: A. W. Stewart et al., "QSMxT: robust masking and artifact reduction for quantitative susceptibility mapping",
///   Magn Reson Med 87:1289, 2022, doi:10.1002/mrm.29048.
public struct ReliableVoxelsFirst: Sendable {
  /// The ``Reliability`` below which a voxel is doubtful.
  ///
  /// Chosen with the smallest volume on numerical heads with lesions of 0.8 to 2 ppm: it takes most of a lesion and its
  /// steepest surroundings, and some 0.3 ml elsewhere.
  public var leastReliability: Float = 0.3
  /// The smallest part that counts [m^3].
  public var smallestVolume = 30e-9

  /// Creates the rule.
  public init() {}

  /// The rule with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("reliable voxels first", revision: 1)
      .with("least reliability", Double(leastReliability)).with("smallest part", 1e9 * smallestVolume, "ul")
  }

  /// The doubtful voxels of a map.
  ///
  /// - Throws: ``QSMError`` if the volumes do not fit each other.
  func doubtful(_ map: SusceptibilityMap, of measurement: FieldMeasurement) throws(QSMError) -> NDArray<Bool>
  {
    let reliability = try Reliability()(of: map, for: measurement)
    let least = leastReliability
    let low = reliability[0].combined(with: measurement.mask[0]) { $1 != 0 && $0 < least }
    let size = measurement.mask.geometry.voxelSize
    let voxels = Int((smallestVolume / abs(size.x * size.y * size.z)).rounded(.up))
    return Morphology(voxelSize: size).parts(of: low, ofAtLeast: max(1, voxels))
  }
}

extension SusceptibilityMapping {
  /// A local field with its map.
  struct Solution {
    var local: LocalField
    var map: SusceptibilityMap
  }

  /// The map of reliable voxels, filled from that of all where only that one is known.
  ///
  /// - Parameters:
  ///   - all: The map of all voxels.
  ///   - measurement: What it follows from.
  ///   - solve: Makes a map of fewer voxels.
  /// - Returns: The maps as one, or the one of all voxels where reliable ones alone make none, and what was done in words;
  ///   `nil` if no voxel is doubtful.
  func refined(
    _ all: Solution, of measurement: FieldMeasurement, within mask: NDArray<Bool>,
    solve: (NDArray<Bool>) throws -> Solution
  ) throws -> (solution: Solution, remark: String)? {
    guard let rule = reliableVoxelsFirst else { return nil }
    let doubtful = try rule.doubtful(all.map, of: measurement), count = doubtful.elements.count { $0 }
    guard count > 0 else { return nil }
    let size = measurement.field.geometry.voxelSize
    let volume = 1e6 * Double(count) * abs(size.x * size.y * size.z)
    let found =
      "\(volume.rounded(2)) ml of the map were unreliable, as strong sources make their field: "
    var first: Solution
    do {
      first = try solve(mask.combined(with: doubtful) { $0 && !$1 })
    } catch QSMError.emptyReference {
      return (all, found + "the region whose mean is zero lies in them, and all was mapped at once.")
    } catch QSMError.maskTooThin {
      return (all, found + "without them there is too little left, and all was mapped at once.")
    }
    let isRegion = measurement.reference != nil
    first.map = first.map.filled(
      from: all.map, known: first.local.mask[0].map { $0 != 0 },
      otherKnown: all.local.mask[0].map { $0 != 0 }, isZeroedByRegion: isRegion)
    let known = first.local.mask.voxels
    first.local.field.voxels = first.local.field.voxels.combined(
      with: all.local.field.voxels.combined(with: known) { $1 == 0 ? $0 : 0 }
    ) { $0 + $1 }
    first.local.mask.voxels = known.combined(with: all.local.mask.voxels) { $0 | $1 }
    return (first, found + "all else was mapped without them, and they are those of the map of all voxels.")
  }
}

extension SusceptibilityMap {
  /// This map where it is known, and another where only that one is, with one zero for both.
  ///
  /// - Parameters:
  ///   - isZeroedByRegion: Whether zero is the mean of a region that both maps share, rather than that of each map.
  func filled(
    from other: SusceptibilityMap, known: NDArray<Bool>, otherKnown: NDArray<Bool>, isZeroedByRegion: Bool
  ) -> SusceptibilityMap {
    let own = susceptibility[0].elements, others = other.susceptibility[0].elements
    let known = known.elements, otherKnown = otherKnown.elements
    var (difference, common, sum, count) = (0.0, 0, 0.0, 0)
    for index in own.indices where known[index] && otherKnown[index] {
      difference += Double(own[index]) - Double(others[index])
      common += 1
    }
    let shift = Float(difference / Double(max(1, common)))
    var values = own
    for index in own.indices where !known[index] && otherKnown[index] {
      values[index] = others[index] + shift
    }
    for index in own.indices where known[index] || otherKnown[index] {
      sum += Double(values[index])
      count += 1
    }
    let mean = isZeroedByRegion ? 0 : sum / Double(max(1, count))
    for index in own.indices where known[index] || otherKnown[index] { values[index] -= Float(mean) }
    var result = self
    result.referenceValue += mean
    result.susceptibility = ImageVolumes(
      NDArray(values, shape: susceptibility[0].shape), geometry: susceptibility.geometry)
    return result
  }
}
