/// A solid of the head, in millimetres: `x` to one side, `y` to the front, `z` up, the origin in the brain.
struct Ellipsoid: Sendable {
  var center: SIMD3<Double>
  var radii: SIMD3<Double>
  /// The angle by which the solid is turned about `z` [rad].
  var turn: Double = 0

  /// The square of the distance from the centre, 1 on the surface.
  func level(_ point: SIMD3<Double>) -> Double {
    var offset = point - center
    if turn != 0 {
      let (sine, cosine) = (Double.sin(turn), Double.cos(turn))
      offset = [cosine * offset.x + sine * offset.y, cosine * offset.y - sine * offset.x, offset.z]
    }
    offset /= radii
    return (offset * offset).sum()
  }

  func contains(_ point: SIMD3<Double>) -> Bool { level(point) <= 1 }

  /// The distance of a point inside to the surface, to first order.
  func depth(_ point: SIMD3<Double>) -> Double {
    let scaled = (point - center) / radii
    let level = (scaled * scaled).sum().squareRoot()
    let slope = scaled / radii
    return level * (1 - level) / max((slope * slope).sum().squareRoot(), 1e-6)
  }

  /// The half width of the solid along a direction.
  func halfWidth(along direction: SIMD3<Double>) -> Double {
    let reach = radii * direction
    return (reach * reach).sum().squareRoot()
  }

  /// The image of the solid in the sagittal plane.
  var mirrored: Ellipsoid {
    Ellipsoid(center: [-center.x, center.y, center.z], radii: radii, turn: -turn)
  }
}

/// A stretch of a vein: all points within a radius of a segment.
struct Vessel: Sendable {
  var start: SIMD3<Double>
  var end: SIMD3<Double>
  var radius: Double

  func contains(_ point: SIMD3<Double>) -> Bool {
    let axis = end - start
    let t = min(max((axis * (point - start)).sum() / (axis * axis).sum(), 0), 1)
    let offset = point - start - t * axis
    return (offset * offset).sum() <= radius * radius
  }
}

/// The solids that the head is made of, before a subject's variations.
enum HeadShape {
  static let scalp = Ellipsoid(center: .zero, radii: [74, 94, 92])
  static let neck = Ellipsoid(center: [0, -20, -72], radii: [56, 62, 56])
  static let skull = Ellipsoid(center: .zero, radii: [70, 88, 80])
  static let dura = Ellipsoid(center: .zero, radii: [66, 84, 75])
  static let brain = Ellipsoid(center: .zero, radii: [63.5, 81, 72])
  /// White matter without folds.
  static let deepBrain = Ellipsoid(center: .zero, radii: [36, 48, 32])
  static let cerebellum = Ellipsoid(center: [0, -46, -42], radii: [48, 30, 24])
  static let brainstem = Ellipsoid(center: [0, -24, -36], radii: [12, 11, 36])
  /// All that lies deep in the brain is inside.
  static let centralRegion = Ellipsoid(center: [0, -20, -10], radii: [40, 70, 60])

  /// Air in the skull base and the face; pairs are given once.
  static let sinuses: [(solid: Ellipsoid, isPaired: Bool)] = [
    (Ellipsoid(center: [9, 84, 2], radii: [8, 6, 10]), true),  // frontal
    (Ellipsoid(center: [0, 60, -38], radii: [9, 20, 11]), false),  // nasal cavity, ethmoid cells
    (Ellipsoid(center: [0, 26, -37], radii: [11, 10, 8]), false),  // sphenoid
    (Ellipsoid(center: [24, 51, -52], radii: [12, 14, 14]), true),  // maxillary
    (Ellipsoid(center: [53, -20, -45], radii: [7, 12, 13]), true),  // mastoid
    (Ellipsoid(center: [0, 14, -80], radii: [9, 8, 34]), false),  // pharynx
  ]

  /// Nuclei and ventricles of one side, in the order in which they take precedence.
  static let nuclei: [(tissue: Tissue, solid: Ellipsoid)] = [
    (.redNucleus, Ellipsoid(center: [4.5, -20, -8], radii: [3, 3.2, 4])),
    (.substantiaNigraReticulata, Ellipsoid(center: [11, -14, -13], radii: [2.5, 6, 3.5], turn: 0.35)),
    (.substantiaNigraCompacta, Ellipsoid(center: [8, -18, -10.5], radii: [2.2, 5, 2.8], turn: 0.35)),
    (.globusPallidusInterna, Ellipsoid(center: [14.5, -3, -2], radii: [2.7, 6, 5], turn: 0.35)),
    (.globusPallidusExterna, Ellipsoid(center: [20, 1, 0], radii: [3, 9, 7], turn: 0.30)),
    (.putamen, Ellipsoid(center: [26, 4, 2], radii: [4.5, 15, 9], turn: 0.20)),
    (.caudateNucleus, Ellipsoid(center: [13, 14, 8], radii: [5, 12, 8], turn: 0.20)),
    (.cerebrospinalFluid, Ellipsoid(center: [6, 22, 13], radii: [4, 12, 6], turn: 0.15)),
    (.cerebrospinalFluid, Ellipsoid(center: [8, -10, 19], radii: [5, 26, 5], turn: 0.15)),
    (.cerebrospinalFluid, Ellipsoid(center: [20, -42, 11], radii: [6, 16, 6], turn: 0.30)),
    (.cerebrospinalFluid, Ellipsoid(center: [0, -7, 0], radii: [1.6, 11, 10])),
    (.thalamus, Ellipsoid(center: [10.5, -14, 6], radii: [8.5, 13, 9], turn: 0.35)),
    (.dentateNucleus, Ellipsoid(center: [13, -50, -40], radii: [4, 7, 4.5], turn: 0.4)),
    (.cerebrospinalFluid, Ellipsoid(center: [0, -37, -36], radii: [5, 4, 8])),
  ]

  /// Veins of one side inside the brain.
  static let veins: [Vessel] = [
    Vessel(start: [2.2, 8, 13], end: [2.2, -28, 11], radius: 1.2),  // internal cerebral
    Vessel(start: [0, -28, 11], end: [0, -36, 16], radius: 1.8),  // of Galen
    Vessel(start: [0, -36, 16], end: [0, -74, 0], radius: 2.2),  // straight sinus
    Vessel(start: [2.2, 8, 13], end: [14, 26, 17], radius: 0.9),  // septal and thalamostriate
    Vessel(start: [8, -6, -20], end: [14, -26, -4], radius: 1.2),  // basal
    Vessel(start: [30, 20, 34], end: [44, 26, 56], radius: 1.0),  // cortical
    Vessel(start: [34, -20, 36], end: [46, -22, 56], radius: 1.0),
  ]

  /// The lowest point of the brain above a place of the base: front, middle and rear fossae.
  static func skullBase(x: Double, y: Double) -> Double {
    let side = smoothStep(abs(x), from: 10, to: 42)
    let middle = smoothStep(y, from: -22, to: 10)
    let front = smoothStep(y, from: 20, to: 52)
    let fossa = (1 - front) * (-26 - 22 * side) + front * (-22 + 6 * side)
    return -80 * (1 - middle) + fossa * middle
  }

  /// A step from 0 to 1 with a smooth flank.
  static func smoothStep(_ value: Double, from lower: Double, to upper: Double) -> Double {
    let t = min(max((value - lower) / (upper - lower), 0), 1)
    return t * t * (3 - 2 * t)
  }
}
