import Evaluation
import Files
import Foundation
import MRIData
import NDArrays
import QSM
import QuantitativeMapping

/// Brings an atlas onto a scan by elastix: the heads first, then what lies around the regions.
///
/// ```
/// affine, brains, images -> affine, around the regions -> cubic splines, around the regions, susceptibility
/// ```
///
/// The first step compares anatomical images, of any contrast, by mutual information. The others compare the scan's
/// susceptibility with the atlas's or, where it has none, with what its nuclei are expected to have by their names:
/// nuclei stand out in susceptibility, and hardly in magnitudes. Around the regions means within 2 cm of them and within
/// the brain, so that folds of the cortex, which differ between people, do not draw at nuclei.
///
/// - SeeAlso: B. Patenaude et al., "A Bayesian model of shape and appearance for subcortical brain segmentation",
///   NeuroImage 56:907, 2011, doi:10.1016/j.neuroimage.2011.02.046, for an affine step of its own for the deep brain.
public struct AtlasRegistration: Sendable {
  private let tool: Elastix

  /// How far around the brain heads are compared, so that its edge counts, and how far around regions [m].
  private static let rim = 6e-3, surroundings = 0.02
  /// The distance of the splines' knots [m], and the weight of their bending.
  private static let knots = 0.02, bending = 10.0

  /// The mean susceptibility of nuclei in adults relative to the tissue around them [ppm], for atlases without a map.
  private static let expected: [DeepNucleus: Float] = [
    .caudate: 0.05, .putamen: 0.06, .externalPallidum: 0.13, .internalPallidum: 0.13, .pallidum: 0.13,
    .reticularNigra: 0.12, .compactNigra: 0.11, .nigra: 0.11, .redNucleus: 0.11, .subthalamic: 0.1,
    .dentate: 0.1, .thalamus: 0.01,
  ]

  /// Prepares to register.
  public init(by tool: Elastix) { self.tool = tool }

  /// Finds elastix among the installed programs.
  ///
  /// - Throws: ``StudyError/noRegistration(purpose:)``.
  public init() throws(StudyError) {
    guard let tool = Elastix() else { throw .noRegistration(purpose: "To bring an atlas onto a scan") }
    self.init(by: tool)
  }

  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("atlas registration", revision: 1).with("program", tool.version)
      .with("rim", Self.rim, "m").with("surroundings", Self.surroundings, "m")
      .with("knots", Self.knots, "m").with("bending", Self.bending)
  }

  /// Refuses maps that no atlas can be brought onto.
  ///
  /// - Throws: ``InputError`` if nobody knows where they lie, or if they have no magnitude.
  public func check(_ maps: EchoMaps, for atlas: Atlas) throws(InputError) {
    guard maps.isPlaced else {
      throw InputError(
        atlas.folder, "the atlas cannot be brought onto images that state no orientation",
        remedy: "Give images whose headers say where they lie, or leave out `atlas`")
    }
    guard maps.magnitude != nil else {
      throw InputError(
        atlas.folder, "the atlas needs a magnitude that it can be aligned with",
        remedy: "Give the magnitude (`magnitude`), or leave out `atlas`")
    }
  }

  /// The regions of an atlas on the grid of a scan's susceptibility.
  ///
  /// - Throws: As ``callAsFunction(_:onto:susceptibility:brain:)`` and ``check(_:for:)`` do.
  public func callAsFunction(
    _ atlas: Atlas, onto maps: EchoMaps, _ result: SusceptibilityMaps
  ) throws -> PlacedAtlas {
    try check(maps, for: atlas)
    guard let magnitude = maps.combinedMagnitude else { preconditionFailure("checked above") }
    return try self(
      atlas, onto: magnitude, susceptibility: result.susceptibility, brain: result.mask.isInside)
  }

  /// The regions of an atlas on the grid of a scan.
  ///
  /// - Parameters:
  ///   - atlas: The atlas.
  ///   - magnitude: The scan.
  ///   - susceptibility: Its susceptibility [ppm], zero where it is not known; `nil` without.
  ///   - brain: Where its brain is, axes `[z, y, x]`.
  /// - Throws: ``InputError`` if the atlas does not fit; ``StudyError/registrationFailed(_:)``; ``FileError``.
  public func callAsFunction(
    _ atlas: Atlas, onto magnitude: ImageVolumes<Float>, susceptibility: ImageVolumes<Float>?,
    brain: NDArray<Bool>
  ) throws -> PlacedAtlas {
    let grid = magnitude.geometry, shapes = Morphology(voxelSize: grid.voxelSize)
    let brain = shapes.withHolesFilled(brain)
    // Two brains are compared, or two heads.
    let image = atlas.brain == nil ? magnitude : magnitude.kept(within: brain)
    let pairs = self.pairs(of: atlas, image, susceptibility)
    var transform = try tool.transform(
      from: [image], to: [pairs.template],
      within: atlas.brain == nil ? nil : shapes.dilated(brain, by: Self.rim),
      by: ElastixParameters(kind: .affine(fromCentres: true), iterations: 250, samples: 3000))
    let labels = ImageVolumes(atlas.labels.labels.map { Float($0) }, geometry: atlas.grid)
    let around = shapes.dilated(
      try tool.moved(labels, by: transform, nearest: true)[0].map { $0 != 0 }, by: Self.surroundings)
    let region = around.combined(with: brain) { $0 && $1 }
    guard region.elements.contains(true) else {
      throw InputError(
        atlas.folder, "the regions of the atlas lie beyond the brain of the scan",
        remedy: "Look at the scan and its brain mask, and at where the headers of both say that they lie")
    }
    var step = ElastixParameters(kind: .affine(fromCentres: false), resolutions: 2, iterations: 150)
    step.samples = 2000
    if pairs.fixed.count > 1 { step.metrics.append(.correlation) }
    transform = try tool.transform(
      from: pairs.fixed, to: pairs.moving, within: region, by: step, after: transform)
    // Magnitudes alone would let splines run away.
    if pairs.fixed.count > 1 {
      step.kind = .splines(spacing: Self.knots)
      step.iterations = 100
      step.metrics = [.correlation]
      step.bending = Self.bending
      transform = try tool.transform(
        from: [pairs.fixed[1]], to: [pairs.moving[1]], within: region, by: step, after: transform)
    }
    return try placed(
      atlas, labels, pairs, by: transform, on: susceptibility,
      BrainMask(brain, geometry: grid))
  }

  /// What is compared with what: images, and then susceptibilities if both are known.
  private struct Pairs {
    /// The image that shows the whole brain.
    let template: ImageVolumes<Float>
    let fixed: [ImageVolumes<Float>]
    let moving: [ImageVolumes<Float>]
  }

  /// What is compared with what.
  private func pairs(
    of atlas: Atlas, _ image: ImageVolumes<Float>, _ susceptibility: ImageVolumes<Float>?
  ) -> Pairs {
    let expected = atlas.susceptibility ?? atlas.expectedSusceptibility(Self.expected)
    guard var template = atlas.anatomy ?? atlas.susceptibility else {
      preconditionFailure("an atlas without images")
    }
    if let own = atlas.brain { template = template.kept(within: own) }
    guard let susceptibility, let expected else {
      return Pairs(template: template, fixed: [image], moving: [template])
    }
    return Pairs(template: template, fixed: [image, susceptibility], moving: [template, expected])
  }

  /// Moves everything, and looks at how it lies.
  private func placed(
    _ atlas: Atlas, _ labels: ImageVolumes<Float>, _ pairs: Pairs, by transform: Elastix.Transform,
    on susceptibility: ImageVolumes<Float>?, _ brain: BrainMask
  ) throws -> PlacedAtlas {
    func moved(_ volume: ImageVolumes<Float>, nearest: Bool) throws -> NDArray<Float> {
      try tool.moved(volume, by: transform, nearest: nearest)[0]
    }
    let regions = try moved(labels, nearest: true).map { Int32($0) }
    let shown = try moved(pairs.template, nearest: false)
    let expected = try pairs.moving.dropFirst().first.map { try moved($0, nearest: false) }
    let atlasBrain = try atlas.brain.map { flags in
      try moved(ImageVolumes(flags.map { $0 ? Float(1) : 0 }, geometry: atlas.grid), nearest: true).map {
        $0 != 0
      }
    }
    let fit = AtlasFit(
      of: atlas, labels: regions, atlasBrain: atlasBrain, expected: expected, on: susceptibility?[0],
      brain: brain)
    try fit.check(atlas.folder)
    let images = [atlas.contrast, atlas.susceptibility.map { _ in "Chimap" }].compactMap(\.self)
    let remark =
      "The atlas \(atlas.folder) (\(images.joined(separator: ", "))) was brought onto the scan (\(tool.version)): \(fit.account). "
      + "Look at how its labels lie before you trust a value."
    return PlacedAtlas(
      labels: try LabelVolume(
        regions, names: atlas.labels.names, drawnOn: ImageVolumes(shown, geometry: brain.geometry)),
      fit: fit, remarks: [remark], warnings: fit.warnings)
  }
}

extension Atlas {
  /// What nuclei are expected to have, by their names [ppm]; `nil` if no region is one of them.
  fileprivate func expectedSusceptibility(_ expected: [DeepNucleus: Float]) -> ImageVolumes<Float>? {
    let values = labels.names.compactMapValues { DeepNucleus(named: $0).flatMap { expected[$0] } }
    guard !values.isEmpty else { return nil }
    return ImageVolumes(labels.labels.map { values[$0] ?? 0 }, geometry: grid)
  }
}

extension ImageVolumes<Float> {
  /// The first volume with zero outside of a mask.
  fileprivate func kept(within mask: NDArray<Bool>) -> ImageVolumes<Float> {
    var voxels = self[0].map { $0.isFinite ? $0 : 0 }
    voxels.keepOnly(mask)
    return ImageVolumes(voxels, geometry: geometry)
  }
}
