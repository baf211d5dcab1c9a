import MRIData
import NDArrays
import QSM

/// A scan's susceptibility, with everything on the way.
public struct SusceptibilityMaps: Sendable {
  /// Where the field was used.
  public var mask: BrainMask
  /// The unwrapped field inside of the mask [Hz]; `nil` where the way began with a local one.
  public var totalField: ImageVolumes<Float>?
  /// The field of what lies inside of the mask [Hz].
  public var local: LocalField
  /// The susceptibility, and how it was found.
  public var map: SusceptibilityMap
  /// The region whose mean susceptibility is zero; `nil` for the whole map.
  public var reference: BrainMask?
  /// What was assumed, one sentence each.
  public var assumptions: [String] = []
  /// What the user should look at before trusting the map, one sentence each.
  public var warnings: [String] = []
  /// Numbers that the map is judged by.
  public var findings = Findings()

  /// The susceptibility [ppm], zero where it is not known.
  public var susceptibility: ImageVolumes<Float> { map.susceptibility }

  /// Numbers that a map is judged by.
  public struct Findings: Sendable, Equatable, Codable {
    /// The number of voxels of the mask.
    public var maskVoxels = 0
    /// The volume of the mask [ml].
    public var maskVolume = 0.0
    /// The number of parts of the mask that do not touch.
    public var maskParts = 0
    /// The number of voxels of the susceptibility map.
    public var mapVoxels = 0
    /// The median of the field's standard deviation in the mask [Hz].
    public var medianFieldNoise: Double?
    /// The iterations of the inversion.
    public var iterations = 0
    /// The weight of the inversion's penalty [ppm mm]; `nil` for methods that have none.
    public var regularization: Double?
    /// The noise of the field that the weight follows from [ppm].
    public var fieldDeviation: Double?
    /// What the map leaves unexplained of the field [ppm].
    public var residualDeviation: Double?
    /// By which part strong sources are expected to be too weak.
    public var shrinkage: Double?
    /// The part of susceptibility's variance that the field tells, 0 to 1.
    public var share: Double?
    /// The mean over the reference region that was subtracted [ppm].
    public var referenceValue = 0.0
    /// The percentiles of the susceptibility at 1, 50 and 99 % [ppm].
    public var percentiles: [Double] = []
  }
}

extension SusceptibilityMaps.Findings {
  init(_ maps: SusceptibilityMaps, noise: ImageVolumes<Float>?) {
    maskVoxels = maps.mask.count
    maskVolume = maps.mask.size * 1e6
    maskParts = maps.mask.parts
    iterations = maps.map.iterations
    referenceValue = maps.map.referenceValue
    regularization = maps.map.regularization
    fieldDeviation = maps.map.fieldDeviation
    residualDeviation = maps.map.residualDeviation
    shrinkage = maps.map.shrinkage
    share = maps.map.share
    let known = maps.local.mask[0].map { $0 != 0 }
    mapVoxels = known.withUnsafeBufferPointer { $0.count { $0 } }
    let chi = maps.susceptibility[0].sorted(within: known)
    percentiles = [0.01, 0.5, 0.99].compactMap { chi.ranked($0).map(Double.init) }
    medianFieldNoise = noise?[0].sorted(within: maps.mask.isInside).middle.map(Double.init)
  }
}

extension SusceptibilityMaps {
  /// How far the map can be trusted in each voxel, from 0 to 1; zero outside the map.
  ///
  /// - Parameter maps: What the map was made of; the field's noise counts.
  /// - Throws: ``QSMError`` if volumes do not fit each other.
  public func reliability(of maps: EchoMaps) throws(QSMError) -> ImageVolumes<Float> {
    // Where the map's field pointed, which a header may not know.
    let maps = maps.inFilePrecision, places = local.field.geometry
    var (map, local) = (map, local)
    (map.susceptibility.geometry, local.field.geometry, local.mask.geometry) =
      (maps.geometry, maps.geometry, maps.geometry)
    var result = try Reliability()(
      of: map,
      for: FieldMeasurement(
        field: local.field, mask: local.mask, fieldStrength: maps.parameters.fieldStrength,
        fieldNoise: maps.field?.noise))
    result.geometry = places
    return result
  }
}

extension EchoMaps {
  /// The fluid of the ventricles.
  ///
  /// - Throws: ``MappingError/noFluid`` without R2*, or if none is found.
  func ventricularFluid(within brain: BrainMask) throws(MappingError) -> BrainMask {
    guard let r2Star, let found = try? VentricularFluid()(r2Star, within: brain.isInside) else {
      throw .noFluid
    }
    return BrainMask(found, geometry: brain.geometry, origin: "fluid of the ventricles, by its R2*")
  }
}
