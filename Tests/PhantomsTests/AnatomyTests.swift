import MRIData
import NDArrays
import Testing

@testable import Phantoms

@Suite("Anatomy")
struct AnatomyTests {
  static let head = HeadAnatomy(seed: 7, variability: 0)

  /// Tissues at 1 mm distances in a box around the deep nuclei.
  private func volumes(in head: HeadAnatomy, side: Double) -> [Tissue: Int] {
    var counts: [Tissue: Int] = [:]
    for z in -70...40 {
      for y in -60...60 {
        for x in 1...40 {
          let position = SIMD3(side * (Double(x) - 0.5), Double(y), Double(z)) * 1e-3
          counts[head.tissue(at: position), default: 0] += 1
        }
      }
    }
    return counts
  }

  @Test("Every nucleus is there on both sides, with the volume of its ellipsoid", arguments: [1, -1.0])
  func nuclei(side: Double) {
    let counts = volumes(in: Self.head, side: side)
    for (tissue, solid) in HeadShape.nuclei where tissue != .cerebrospinalFluid {
      let expected = 4 / 3 * Double.pi * solid.radii.x * solid.radii.y * solid.radii.z
      // Sizes vary by 3 % per axis and 1.5 % of the head, neighbours overlap a little, and the grid counts whole
      // cubes.
      let volume = Double(counts[tissue, default: 0])
      #expect(abs(volume / expected - 1) < 0.3, "\(tissue): \(volume) mm3 instead of \(expected)")
    }
  }

  @Test("Front is -y, the head is where an axial scan expects it")
  func orientation() {
    #expect(Self.head.tissue(at: [0.026, -0.004, 0.002]) == .putamen)
    #expect(Self.head.tissue(at: [-0.0045, 0.020, -0.008]) == .redNucleus)
    #expect(Self.head.tissue(at: [0.013, 0.050, -0.040]) == .dentateNucleus)
    #expect(Self.head.tissue(at: [0, -0.060, -0.038]) == .air, "the nasal cavity")
    #expect(Self.head.tissue(at: [0, 0, 0.12]) == .air, "above the head")
    #expect(Self.head.tissue(at: [0, 0, 0.090]) == .softTissue)
    #expect(Self.head.tissue(at: [0, 0, 0.078]) == .bone)
  }

  @Test("The cortex is folded: walking inwards crosses grey matter, white matter and fluid many times")
  func folds() {
    var changes = 0, grey = 0, white = 0, fluid = 0
    for step in 0..<720 {
      // Around the brain, 12 mm under its surface.
      let angle = Double(step) * .pi / 360
      let point = SIMD3(0.051 * Double.cos(angle), 0.068 * Double.sin(angle), 0.02)
      let next = SIMD3(0.051 * Double.cos(angle + .pi / 360), 0.068 * Double.sin(angle + .pi / 360), 0.02)
      let tissue = Self.head.tissue(at: point)
      if tissue != Self.head.tissue(at: next) { changes += 1 }
      grey += tissue == .greyMatter ? 1 : 0
      white += tissue == .whiteMatter ? 1 : 0
      fluid += tissue == .cerebrospinalFluid ? 1 : 0
    }
    #expect(changes > 30)
    #expect(grey > 200 && white > 200 && fluid > 20)
  }

  @Test("Another seed folds another cortex, the same seed the same")
  func seeds() {
    let (same, other) = (HeadAnatomy(seed: 7, variability: 0), HeadAnatomy(seed: 8, variability: 0))
    var equal = 0, different = 0
    for step in 0..<2000 {
      let position = SIMD3(-0.06 + 0.00006 * Double(step), 0.01 * Double(step % 7 - 3), 0.045)
      equal += Self.head.tissue(at: position) == same.tissue(at: position) ? 1 : 0
      different += Self.head.tissue(at: position) == other.tissue(at: position) ? 0 : 1
    }
    #expect(equal == 2000)
    #expect(different > 300)
  }

  @Test("At 44 years, and without variability, the tissues are those of the table")
  func table() {
    for tissue in Tissue.allCases {
      #expect(Self.head.properties(of: tissue) == tissue.propertiesAt44Years)
    }
  }

  @Test("Iron grows with age at the designed slope")
  func slope() {
    func putamen(_ age: Double) -> Double {
      HeadAnatomy.properties(seed: 1, age: age, variability: 0)[Int(Tissue.putamen.rawValue)].susceptibility
    }
    #expect(abs(putamen(70) - putamen(20) - 50 * 0.55e-3) < 1e-12)
    #expect(putamen(44) == 0.055)
  }

  @Test("Over a cohort of 18 to 75 years, correlations with age are those designed")
  func cohort() {
    let count = 4000
    for (tissue, design) in [(Tissue.putamen, 0.636), (.redNucleus, 0.410), (.globusPallidusExterna, 0.148)] {
      var (ages, values) = ([Double](), [Double]())
      for subject in 0..<count {
        let age = 18 + 57 * (Double(subject) + 0.5) / Double(count)
        ages.append(age)
        values.append(
          HeadAnatomy.properties(seed: UInt64(subject), age: age, variability: 1)[Int(tissue.rawValue)]
            .susceptibility)
      }
      // The standard error of a correlation is below 1 / sqrt(n); 4 of them are allowed.
      #expect(abs(correlation(ages, values) - design) < 4 / Double(count).squareRoot(), "\(tissue)")
    }
  }

  private func correlation(_ x: [Double], _ y: [Double]) -> Double {
    let (meanX, meanY) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (a, b) in zip(x, y) {
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
      xy += (a - meanX) * (b - meanY)
    }
    return xy / (xx * yy).squareRoot()
  }
}

@Suite("Smooth noise")
struct SmoothNoiseTests {
  @Test("Unit variance, correlation exp(-r^2 / (4 sigma^2))")
  func moments() {
    var generator = SeededGenerator(seed: 3)
    let noise = SmoothNoise(sigma: 2, spacing: 1, halfExtents: [40, 40, 40], generator: &generator)
    var square = 0.0, product = 0.0, count = 0.0
    for z in -36...36 {
      for y in -36...36 {
        for x in -36...32 {
          let value = Double(noise([Double(x), Double(y), Double(z)]))
          square += value * value
          product += value * Double(noise([Double(x) + 4, Double(y), Double(z)]))
          count += 1
        }
      }
    }
    // About (72 / (4 pi^(1/2)))^3 independent cells: a relative error of the variance of 2 %; 4 of them.
    #expect(abs(square / count - 1) < 0.08)
    #expect(abs(product / square - 0.3679) < 0.08)
  }
}
