import KSpaceToolkit
import TestSupport
import Testing

/// The mask that is made where none is given, on numerical heads that nothing was chosen by.
struct BrainExtractionTests {
  /// The head of the README with fewer echoes and channels, and what its echoes yielded.
  private static let head: (phantom: HeadPhantom, maps: Result<EchoMaps, any Error>) = {
    var geometry = HeadPhantom.defaultGeometry
    geometry.matrix = Extents(x: 96, y: 116, z: 36)
    geometry.voxelSize = [2e-3, 2e-3, 4e-3]
    let phantom = HeadPhantom(
      HeadAnatomy(seed: 311), geometry: geometry, parameters: .spoiledGradientEcho(echoes: 4), channels: 4)
    return (
      phantom,
      Result {
        EchoMaps(
          try Pipeline(ZeroFilled(), then: MDI())(
            SliceStack([CompactKSpace(phantom.scan())], geometry: geometry)))
      }
    )
  }()

  private let phantom = Self.head.phantom
  private let maps: EchoMaps
  private let truth: BrainMask

  init() throws {
    maps = try Self.head.maps.get()
    truth = BrainMask(phantom.brainMask, origin: "given")
  }

  /// The volume of voxels that a condition picks by mask and truth [ml].
  private func volume(of mask: BrainMask, _ isCounted: (Bool, Bool) -> Bool) -> Double {
    let count = zip(mask.isInside.elements, truth.isInside.elements).count { isCounted($0, $1) }
    return Double(count) * 2 * 2 * 4e-3
  }

  @Test func `The brain is found, little else, and the map is hardly worse than with the true mask`() throws {
    let mapping = SusceptibilityMapping()
    let mask = try mapping.mask(of: maps)
    #expect(volume(of: mask) { $0 && !$1 } < 25)
    #expect(volume(of: mask) { $0 && $1 } > 0.96 * volume(of: truth) { _, inside in inside })
    func error(_ mask: BrainMask?) throws -> Double {
      let map = try mapping(maps, mask: mask).susceptibility[0]
      return try NRMSE(.demeaned).value(
        of: map, against: phantom.susceptibility[0], within: map.map { $0 != 0 })
    }
    #expect(try error(nil) < 1.1 * error(truth))
    // The surface alone keeps the fluid around the brain.
    #expect(try volume(of: BrainSurface()(maps)) { $0 && !$1 } > 60)
  }

  @Test func `A head of a tenth of the size has the same mask`() throws {
    let mask = try BrainExtraction()(maps)
    var small = maps
    small.geometry.voxelSize /= 10
    small.magnitude?.geometry = small.geometry
    small.field?.values.geometry = small.geometry
    let other = try BrainExtraction()(small)
    let differing = zip(mask.isInside.elements, other.isInside.elements).count { $0 != $1 }
    // Lengths follow the size of what is visible, 80 mm in the mean head.
    #expect(differing < mask.count / 30)
  }

  @Test func `Tissue that fills the volume is all mask, but for holes where the phase is lost`() throws {
    var part = maps
    let box = (x: 30..<66, y: 40..<70, z: 18..<30)
    func cut(_ volume: ImageVolumes<Float>, echo: Int = 0) -> NDArray<Float> {
      let values = volume[echo]
      return NDArray(
        box.z.flatMap { z in box.y.flatMap { y in box.x.map { x in values[z, y, x] } } },
        shape: [box.z.count, box.y.count, box.x.count])
    }
    part.geometry.matrix = Extents(x: box.x.count, y: box.y.count, z: box.z.count)
    part.magnitude = ImageVolumes(cut(try #require(maps.magnitude)), geometry: part.geometry)
    let field = try #require(maps.field), period = Float(try #require(field.period))
    var values = cut(field.values)
    var random = SeededGenerator(seed: 2)
    for z in 3..<9 {
      for y in 8..<16 { for x in 10..<20 { values[z, y, x] = Float.random(in: 0..<period, using: &random) } }
    }
    part.field?.values = ImageVolumes(values, geometry: part.geometry)
    let mask = try BrainExtraction()(part)
    #expect(!mask.isInside[6, 12, 15] && mask.isInside[6, 22, 15])
    #expect(mask.count > part.geometry.matrix.count * 17 / 20)
  }

  @Test func `The ventricles are fluid, and their mean can be zero`() throws {
    let result = try SusceptibilityMapping()(maps, mask: truth, reference: .ventricles)
    let fluid = try #require(result.reference)
    let labels = phantom.labels.voxels.elements, chi = result.susceptibility.voxels.elements
    let found = fluid.isInside.elements.indices.filter { fluid.isInside.elements[$0] }
    #expect(found.count > 50)
    #expect(
      found.count { labels[$0] == Tissue.cerebrospinalFluid.rawValue } > found.count * 9 / 10)
    #expect(abs(found.reduce(0) { $0 + Double(chi[$1]) } / Double(found.count)) < 1e-5)
    #expect(result.assumptions.contains { $0.contains("fluid in the ventricles") })
    var fast = maps
    fast.r2Star = maps.r2Star?.map { $0 + 30 }
    #expect(throws: MappingError.noFluid) {
      try SusceptibilityMapping()(fast, mask: truth, reference: .ventricles)
    }
  }

  @Test func `A map is trusted less where the field is noisy or has another cause`() throws {
    var maps = maps
    let place = (z: 20, y: 60, x: 40), other = (z: 20, y: 60, x: 56)
    let period = Float(try #require(maps.field?.period))
    maps.field?.values.voxels[0, place.z, place.y, place.x] += period / 5
    maps.field?.noise?.voxels[0, other.z, other.y, other.x] *= 4
    let result = try SusceptibilityMapping()(maps, mask: truth)
    let reliability = try result.reliability(of: maps)[0]
    #expect(reliability.elements.allSatisfy { (0...1).contains($0) })
    let known = zip(reliability.elements, result.local.mask.voxels.elements).filter { $1 != 0 }.map(\.0)
      .sorted()
    #expect(known[known.count / 2] > 0.6)
    #expect(reliability[place.z, place.y, place.x] < 0.5 && reliability[other.z, other.y, other.x] < 0.5)
  }
}
