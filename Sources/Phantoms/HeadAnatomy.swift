import MRIData
import Numerics

/// One subject: a head that can be asked, at any point, what is there.
///
/// The head is built of ellipsoids [mm] and a folded cortex, the level sets of a Gaussian random field. The
/// seed changes folds, sizes and positions a little, and draws how far the subject's nuclei lie from the mean
/// susceptibility of their age. Since the head is defined at points and not on a grid, one subject can be
/// scanned at any resolution and in any orientation.
///
///     let subject = HeadAnatomy(seed: 7, age: 60)
///     subject.tissue(at: [0.026, -0.004, 0.002])        // .putamen
///     subject.properties(of: .putamen).susceptibility   // about 0.064 ppm
public struct HeadAnatomy: Sendable {
  /// The number that the subject's variations follow from.
  public let seed: UInt64
  /// The age [years].
  public let age: Double

  private let properties: [TissueProperties]
  private let scale: SIMD3<Double>
  private let structures: [(tissue: Tissue, solid: Ellipsoid)]
  private let sinuses: [Ellipsoid]
  private let veins: [Vessel]
  private let folds: SmoothNoise
  private let texture: SmoothNoise

  private enum Stream: UInt64 { case shape = 1, folds, texture, susceptibility }

  /// Creates a subject.
  ///
  /// - Parameters:
  ///   - seed: Equal seeds give equal heads.
  ///   - age: The age [years].
  ///   - variability: How much subjects of one age differ in susceptibility: 1 as designed, 0 not at all.
  public init(seed: UInt64, age: Double = 44, variability: Double = 1) {
    self.seed = seed
    self.age = age
    func generator(_ stream: Stream) -> SeededGenerator {
      SeededGenerator(seed: seed, stream: stream.rawValue)
    }
    var shape = generator(.shape)
    scale = [1 + 0.015 * shape.normal(), 1 + 0.015 * shape.normal(), 1 + 0.015 * shape.normal()]
    func varied(_ solid: Ellipsoid) -> Ellipsoid {
      var solid = solid
      // What lies on the midline stays there.
      let shift = SIMD3(solid.center.x == 0 ? 0 : shape.normal(), shape.normal(), shape.normal())
      solid.center += 0.4 * shift
      solid.radii *= 1 + 0.03 * SIMD3(shape.normal(), shape.normal(), shape.normal())
      return solid
    }
    structures = HeadShape.nuclei.flatMap { tissue, solid in
      solid.center.x == 0
        ? [(tissue, varied(solid))] : [(tissue, varied(solid)), (tissue, varied(solid.mirrored))]
    }
    sinuses = HeadShape.sinuses.flatMap { solid, isPaired in
      isPaired ? [varied(solid), varied(solid.mirrored)] : [varied(solid)]
    }
    veins = HeadShape.veins.flatMap { vein in
      [1.0, -1.0].map { side in
        var vein = vein
        vein.start.x *= side
        vein.end.x *= side
        return vein
      }
    }
    var foldGenerator = generator(.folds)
    folds = SmoothNoise(
      sigma: 4.5, spacing: 1.5, halfExtents: HeadShape.dura.radii, generator: &foldGenerator)
    var textureGenerator = generator(.texture)
    texture = SmoothNoise(
      sigma: 1.5, spacing: 1, halfExtents: HeadShape.dura.radii, generator: &textureGenerator)

    properties = Self.properties(seed: seed, age: age, variability: variability)
  }

  /// The tissues' properties in one subject, by raw value.
  static func properties(seed: UInt64, age: Double, variability: Double) -> [TissueProperties] {
    var generator = SeededGenerator(seed: seed, stream: Stream.susceptibility.rawValue)
    var properties = [TissueProperties](
      repeating: Tissue.air.propertiesAt44Years, count: Int(UInt8.max) + 1)
    for tissue in Tissue.allCases {
      var values = tissue.propertiesAt44Years
      let aging = tissue.aging
      let change = aging.slope * (age - 44) + variability * aging.deviation * generator.normal()
      values.susceptibility += change
      // The iron that raises the susceptibility dephases as well: 137 Hz/ppm at 3 T.
      values.transverseRelaxationRate += 137 * change
      properties[Int(tissue.rawValue)] = values
    }
    return properties
  }

  /// A tissue's mean properties in this subject.
  public func properties(of tissue: Tissue) -> TissueProperties { properties[Int(tissue.rawValue)] }

  /// The tissue at a position in the patient [m], LPS.
  public func tissue(at position: SIMD3<Double>) -> Tissue { tissue(atHeadPoint: headPoint(position)) }

  /// A Gaussian random field of unit variance that lends the tissues their texture, at a position [m], LPS.
  func texture(at position: SIMD3<Double>) -> Float { texture(headPoint(position)) }

  /// Whether a position [m], LPS, lies within the surface of the brain: its tissues, sulci and ventricles.
  public func isBrain(at position: SIMD3<Double>) -> Bool { isBrain(headPoint(position)) }

  /// The half width and the middle of the head along a direction (LPS, unit length) [m].
  func extent(along direction: SIMD3<Double>) -> (middle: Double, halfWidth: Double) {
    let direction = SIMD3(-direction.x, -direction.y, direction.z) * scale
    let reaches = [HeadShape.scalp, HeadShape.neck].map { solid in
      let middle = (solid.center * direction).sum()
      let half = solid.halfWidth(along: direction)
      return (middle - half, middle + half)
    }
    let lower = min(reaches[0].0, reaches[1].0), upper = max(reaches[0].1, reaches[1].1)
    return ((lower + upper) / 2 * 1e-3, (upper - lower) / 2 * 1e-3)
  }

  /// The point of the mean head, front and up [mm], that a position in the patient, back and up [m], belongs to.
  private func headPoint(_ position: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(-position.x, -position.y, position.z) * 1e3 / scale
  }
}

extension HeadAnatomy {
  private func isBrain(_ point: SIMD3<Double>) -> Bool {
    HeadShape.brain.contains(point) && point.z > HeadShape.skullBase(x: point.x, y: point.y)
  }

  private func tissue(atHeadPoint point: SIMD3<Double>) -> Tissue {
    let shape = HeadShape.self
    guard shape.scalp.contains(point) || shape.neck.contains(point) else { return .air }
    let base = shape.skullBase(x: point.x, y: point.y)
    if isBrain(point) { return brainTissue(point, base: base) }
    if isSagittalSinus(point) { return .blood }
    if shape.dura.contains(point), point.z > base - 2.5 { return .cerebrospinalFluid }
    if sinuses.contains(where: { $0.contains(point) }) { return .air }
    return shape.skull.contains(point) && point.z > base - 7 ? .bone : .softTissue
  }

  private func brainTissue(_ point: SIMD3<Double>, base: Double) -> Tissue {
    if veins.contains(where: { $0.contains(point) }) { return .blood }
    if HeadShape.centralRegion.contains(point) {
      if let structure = structures.first(where: { $0.solid.contains(point) }) { return structure.tissue }
      let brainstem = HeadShape.brainstem.level(point)
      if brainstem < 1 { return .whiteMatter }
      // The cisterns around pons and medulla.
      if brainstem < 1.3, point.z < -25 { return .cerebrospinalFluid }
    }
    let cerebellum = HeadShape.cerebellum.level(point).squareRoot()
    return cerebellum < 1 ? cerebellarTissue(point, radius: cerebellum) : cerebralTissue(point, base: base)
  }

  /// Folia: thin leaves that follow the surface.
  private func cerebellarTissue(_ point: SIMD3<Double>, radius: Double) -> Tissue {
    if radius > 0.94 { return .cerebrospinalFluid }
    if radius < 0.5 { return .whiteMatter }
    let leaf = Double.sin(2 * .pi * radius * 24 / 5 + 1.5 * Double(folds(point)))
    return leaf > 0.9 ? .cerebrospinalFluid : leaf > -0.4 ? .greyMatter : .whiteMatter
  }

  /// Cortex: sheets around the zero set of the random field, which thin out towards the deep white matter,
  /// and a rim along the surface of the brain and along the fissure between its halves.
  private func cerebralTissue(_ point: SIMD3<Double>, base: Double) -> Tissue {
    let depth = HeadShape.deepBrain.level(point).squareRoot()
    guard depth > 1 else { return .whiteMatter }
    let fold = folds(point)
    let taper = HeadShape.smoothStep(depth, from: 1, to: 1.3)
    let isNearMidline = abs(point.x) < 8
    let fissure = isNearMidline ? abs(point.x + Double(folds([0, point.y, point.z]))) : .infinity
    if Double(abs(fold)) < 0.12 * taper || fissure < 0.8 { return .cerebrospinalFluid }
    let surface = min(HeadShape.brain.depth(point), point.y > 0 ? point.z - base : .infinity)
    let isCortex = Double(abs(fold)) < 0.6 * taper || surface < 2.5 || fissure < 3.2
    return isCortex ? .greyMatter : .whiteMatter
  }

  /// The vein along the top of the fissure, between brain and skull.
  private func isSagittalSinus(_ point: SIMD3<Double>) -> Bool {
    abs(point.x) < 3.5 && point.z > 0 && HeadShape.dura.contains(point) && !HeadShape.brain.contains(point)
  }
}
