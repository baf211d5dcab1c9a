import Foundation
import MRIData
import NDArrays
import PhaseUnwrapping
import QSM

/// The one way from the maps of a scan's echoes to susceptibility.
///
/// ```
/// wrapped field -> mask -> known voxels -> unwrapped -> without background -> susceptibility
/// ```
///
/// Whatever the maps came from, a raw file or images of another tool, and whoever asks for them, the stages and their
/// rules are these. Lengths and directions are taken as a file would hold them, so that maps which were written and read
/// again give the same bits.
///
///     let mapping = SusceptibilityMapping(background: VSHARP(), inversion: TotalVariation())
///     let susceptibility = try mapping(maps, mask: brain)
public struct SusceptibilityMapping: Sendable {
  /// How the brain is found where no mask is given.
  public var masking: any BrainMasking
  /// How the field is unwrapped.
  public var unwrapping: FieldUnwrapping
  /// How the background is removed.
  public var background: any BackgroundRemoval
  /// How the dipoles are inverted.
  public var inversion: any DipoleInversion
  /// How reliable voxels are found that are mapped without the others first, for strong sources; `nil` to map all at once.
  public var reliableVoxelsFirst: ReliableVoxelsFirst?

  /// Chooses the methods.
  public init(
    masking: any BrainMasking = BrainExtraction(), unwrapping: FieldUnwrapping = FieldUnwrapping(),
    background: any BackgroundRemoval = AutomaticBackground(),
    inversion: any DipoleInversion = TotalVariation(), reliableVoxelsFirst: ReliableVoxelsFirst? = nil
  ) {
    self.masking = masking
    self.unwrapping = unwrapping
    self.background = background
    self.inversion = inversion
    self.reliableVoxelsFirst = reliableVoxelsFirst
  }

  /// All stages, with a total field inversion and a total variation of 50 iterations [s per voxel of the working grid].
  private static let cost = 8e-6

  /// What the stages take: the volumes of background and inversion, on the grid with zeros around the object, beside the
  /// echoes, and what is the inversion's own.
  ///
  /// The object is taken to fill the volume, as nothing tells its mask yet.
  public func needs(for size: ScanSize) -> MethodNeeds {
    var matrix = size.prescribed
    matrix.z *= size.slices
    let voxels = Double(matrix.count), own = inversion.needs(for: matrix)
    // A damaged header may hold anything.
    let sides = size.voxelSize, isUsable = sides.min() > 0 && sides.sum() < 1e3 * sides.min()
    let grid = WorkingRegion.surroundings.matrix(around: matrix, voxelSize: isUsable ? sides : [1, 1, 1])
    let working = Double(grid.x) * Double(grid.y) * Double(grid.z)
    let passes = reliableVoxelsFirst == nil ? 1.0 : 2.0
    return MethodNeeds(
      memory: voxels * Double(8 * size.echoes) + working * 110 + own.memory,
      seconds: passes * (Self.cost * working + own.seconds))
  }

  /// What a stage is called, for those who follow the way.
  public enum Stage: String, Sendable, CaseIterable {
    /// The brain is found.
    case mask
    /// The field is unwrapped.
    case unwrapping
    /// The background is removed.
    case background
    /// The dipoles are inverted.
    case inversion
  }

  /// Maps a susceptibility.
  ///
  /// - Parameters:
  ///   - maps: Field, magnitudes and what else the echoes yielded.
  ///   - mask: The brain; found by ``masking`` unless given.
  ///   - reference: Whose mean susceptibility is zero.
  ///   - observer: Is told of each stage that is done; what it throws ends the way.
  /// - Throws: ``MappingError``, also if a mask has other extents than the maps; ``QSMError``.
  public func callAsFunction(
    _ maps: EchoMaps, mask: BrainMask? = nil, reference: ZeroReference = .wholeMap,
    observer: (Stage) throws -> Void = { _ in }
  ) throws -> SusceptibilityMaps {
    let places = maps.geometry, maps = maps.inFilePrecision
    guard let field = maps.field else { throw MappingError.noField(reason: "the echoes tell none") }
    var region: BrainMask?
    if case .region(let given) = reference { region = given }
    for (name, region) in [("mask", mask), ("reference region", region)] {
      if let region, region.geometry.matrix != maps.geometry.matrix {
        throw MappingError.gridsDiffer(name: name)
      }
    }
    var assumptions: [String] = []
    var brain = try mask ?? self.mask(of: maps)
    if mask == nil {
      assumptions.append("The mask was made here, by \(brain.origin); look at it, or give one.")
    }
    assumptions += [mask?.remark, region?.remark].compactMap(\.self)
    brain.geometry = maps.geometry
    let known = try KnownVoxels(of: brain, in: maps)
    assumptions += known.remarks
    let inside = known.mask.volume, magnitude = maps.combinedMagnitude
    let doubts = magnitude.map { MaskPlausibility(brain.isInside, of: $0).warnings } ?? []
    if case .ventricles = reference {
      let fluid = try maps.ventricularFluid(within: known.mask)
      region = fluid
      assumptions.append(
        "The zero of susceptibility is the mean of \((fluid.size * 1e6).rounded(1)) ml of fluid in the ventricles; look at "
          + "where it was found.")
    }
    try observer(.mask)

    var total: ImageVolumes<Float>?
    if field.stage != .local {
      let unwrapped = try unwrapping(
        field.values, period: field.period ?? .infinity, noise: known.noise, magnitude: magnitude,
        mask: inside)
      total = unwrapped.zeroed(outside: known.mask)
      try observer(.unwrapping)
    }
    func localField(within mask: ImageVolumes<UInt8>) throws -> LocalField {
      try total.map { try background($0, mask: mask, noise: known.noise) }
        ?? LocalField(restricting: field.values, to: mask)
    }
    func measurement(of local: LocalField) -> FieldMeasurement {
      FieldMeasurement(
        field: local.field, mask: local.mask, fieldStrength: maps.parameters.fieldStrength,
        fieldNoise: known.noise, magnitude: magnitude,
        reference: region.map { ImageVolumes($0.volume.voxels, geometry: maps.geometry) })
    }
    var local = try localField(within: inside)
    if let choice = local.choice { assumptions.append("The background was removed by \(choice).") }
    try observer(.background)

    var map = try inversion(measurement(of: local))
    if let refined = try refined(
      Solution(local: local, map: map), of: measurement(of: local), within: known.mask.isInside,
      solve: { inside in
        let local = try localField(within: ImageVolumes(inside.map { $0 ? 1 : 0 }, geometry: maps.geometry))
        return Solution(local: local, map: try inversion(measurement(of: local)))
      })
    {
      (local, map) = (refined.solution.local, refined.solution.map)
      assumptions.append(refined.remark)
    }
    try observer(.inversion)
    if map.susceptibility.voxels.elements.allSatisfy({ $0 == 0 }),
      !field.values.zeroed(outside: known.mask).voxels.elements.allSatisfy({ $0 == 0 })
    {
      throw MappingError.nothingInverted(voxels: known.mask.isInside.elements.count { $0 })
    }

    assumptions += map.account(isWeightGiven: (inversion as? TotalVariation)?.regularization != nil)
    let evidence = SignEvidence(map.susceptibility, r2Star: maps.r2Star)
    total?.geometry = places
    (local.field.geometry, local.mask.geometry, map.susceptibility.geometry) = (places, places, places)
    var result = SusceptibilityMaps(
      mask: BrainMask(known.mask.isInside, geometry: places, origin: brain.origin), totalField: total,
      local: local, map: map, assumptions: assumptions)
    result.warnings = maps.warnings + doubts + local.warnings + map.warnings
    // Where the background took the field away, its sign explains nothing.
    if let shrinkage = map.shrinkage, shrinkage > 0.6, local.warnings.isEmpty {
      result.warnings.append(
        "The map explains hardly anything of the field (\(Int((100 * shrinkage).rounded())) % of its strength is left): check "
          + "that field and mask belong together, the sign of the echoes (`phaseSign`) and the polarity of their readouts "
          + "(ReadoutPolarity in the sidecars).")
    }
    if let remark = evidence.remark(isSignKnown: maps.isSignKnown) { result.warnings.append(remark) }
    region?.geometry = places
    result.reference = region
    result.findings = SusceptibilityMaps.Findings(result, noise: known.noise)
    return result
  }

  /// The mask of a scan by ``masking``, or by another method.
  ///
  /// - Throws: What the method throws.
  public func mask(of maps: EchoMaps, by method: (any BrainMasking)? = nil) throws -> BrainMask {
    var mask = try (method ?? masking)(maps.inFilePrecision)
    mask.geometry = maps.geometry
    return mask
  }

  /// The stages with their parameters, in their order.
  public var configurations: [MethodConfiguration] { configurations(after: nil, isMasked: false) }

  /// The stages that are gone through, with their parameters, in their order.
  ///
  /// - Parameters:
  ///   - stage: What has been done to the field; `nil` for nothing.
  ///   - isMasked: Whether the mask is given.
  func configurations(after stage: FieldMap.Stage?, isMasked: Bool) -> [MethodConfiguration] {
    var isWrapped = stage == nil
    if case .wrapped = stage { isWrapped = true }
    let stages = [
      isMasked ? nil : masking.configuration, Self.rules, isWrapped ? unwrapping.configuration : nil,
      stage == .local ? nil : background.configuration, inversion.configuration,
      reliableVoxelsFirst?.configuration,
    ]
    return stages.compactMap(\.self)
  }

  /// What all ways share: which voxels are known, whose magnitude shows edges.
  private static let rules = MethodConfiguration("known voxels", revision: 5)
    .with("largest noise", Double(KnownVoxels.largestNoise), "medians")
    .with("small noise", KnownVoxels.smallNoise, "ppm").with("edges of", "all echoes")
}

extension ImageVolumes<Float> {
  /// The volume with zero outside of a mask, and where it is not finite.
  fileprivate func zeroed(outside mask: BrainMask) -> ImageVolumes<Float> {
    var voxels = voxels
    mask.isInside.withUnsafeBufferPointer { mask in
      voxels.withUnsafeMutableBufferPointer { voxels in
        for index in voxels.indices where !mask[index] || !voxels[index].isFinite { voxels[index] = 0 }
      }
    }
    return ImageVolumes(voxels, geometry: geometry)
  }
}

extension SusceptibilityMap {
  /// What the inversion followed from, and what it costs, for the user.
  fileprivate func account(isWeightGiven: Bool) -> [String] {
    func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)g", value) }
    var sentences: [String] = []
    if let regularization, let fieldDeviation, !isWeightGiven {
      let isRaised = (residualDeviation ?? 0) > 1.05 * fieldDeviation
      sentences.append(
        "The inversion's weight of \(number(regularization, 3)) ppm mm follows from the field's noise of "
          + "\(number(1e3 * fieldDeviation, 3)) ppb, "
          + (isFieldDeviationEstimated ? "estimated from the field itself" : "as its noise map states")
          + (isRaised ? ", and from what a first map leaves unexplained." : "."))
    }
    if let share {
      sentences.append(
        "The field tells about \(number(100 * share, 2)) % of the susceptibility's variance; weak sources are made weaker "
          + "to match, strong ones are not.")
    }
    if let shrinkage, shrinkage > 0.02 {
      sentences.append(
        "The map leaves \(number(100 * shrinkage, 2)) % of the field's strength unexplained, which small sources may "
          + "lack.")
    }
    return sentences
  }
}
