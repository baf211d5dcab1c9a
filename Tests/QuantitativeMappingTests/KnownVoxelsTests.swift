import MRIData
import NDArrays
import QuantitativeMapping
import Testing

struct KnownVoxelsTests {
  private let geometry = Geometry(matrix: Extents(x: 7, y: 1, z: 1), voxelSize: [1e-3, 1e-3, 1e-3])

  private func volume(_ values: [Float]) -> ImageVolumes<Float> {
    ImageVolumes(NDArray(values, shape: [1, 1, 7]), geometry: geometry)
  }

  private func known(
    noise: [Float]?, field: [Float] = [1, 1, 1, 1, 1, 1, 1], magnitude: [Float]? = nil,
    stage: FieldMap.Stage = .wrapped(period: 100)
  ) throws -> KnownVoxels {
    let maps = EchoMaps(
      magnitude: magnitude.map(volume),
      field: FieldMap(volume(field), noise: noise.map(volume), stage: stage),
      parameters: ScanParameters(echoTimes: [0.01, 0.02], fieldStrength: 3), geometry: geometry)
    let inside = NDArray([true, true, true, true, true, true, false], shape: [1, 1, 7])
    return try KnownVoxels(of: BrainMask(inside, geometry: geometry), in: maps)
  }

  @Test func `Noise counts up to five medians`() throws {
    let voxels = try known(noise: [1, 1, 1, 1, 5, 5.1, 1])
    #expect(voxels.mask.isInside.elements == [true, true, true, true, true, false, false])
    #expect(voxels.omitted == 1 && voxels.noise != nil)
  }

  @Test func `A noisy voxel counts where others are all around, up to a fiftieth of a ppm`() throws {
    let geometry = Geometry(matrix: Extents(x: 9, y: 9, z: 9), voxelSize: [1e-3, 1e-3, 1e-3])
    var inside = NDArray(repeating: true, shape: [9, 9, 9]),
      noise = NDArray<Float>(repeating: 0.2, shape: [9, 9, 9])
    for y in 0..<9 { for x in 0..<9 { inside[0, y, x] = false } }
    // 0.02 ppm are 2.55 Hz at 3 T. The last one lies beside what is outside of the mask.
    (noise[4, 4, 2], noise[4, 4, 6], noise[1, 4, 4]) = (2.5, 2.6, 2.5)
    let maps = EchoMaps(
      field: FieldMap(
        ImageVolumes(noise, geometry: geometry), noise: ImageVolumes(noise, geometry: geometry),
        stage: .wrapped(period: 100)),
      parameters: ScanParameters(echoTimes: [0.01, 0.02], fieldStrength: 3), geometry: geometry)
    let known = try KnownVoxels(of: BrainMask(inside, geometry: geometry), in: maps).mask.isInside
    #expect(known[4, 4, 2] && !known[4, 4, 6] && !known[1, 4, 4])
  }

  @Test func `Noise counts up to a sixth of the period, where there is one`() throws {
    let noise: [Float] = [12, 12, 12, 16.6, 16.7, 20, 1]
    #expect(try known(noise: noise).mask.count == 4)
    #expect(try known(noise: noise, stage: .total).mask.count == 6)
  }

  @Test func `Voxels without field, noise or signal are left out and counted`() throws {
    let voxels = try known(
      noise: [1, 0, .nan, 1, 1, 1, 1], field: [.nan, 1, 1, 1, 1, 1, 1], magnitude: [1, 1, 1, 0, 1, 1, 1])
    #expect(voxels.mask.isInside.elements == [false, false, false, false, true, true, false])
    #expect(voxels.omitted == 4 && voxels.remarks.contains { $0.contains("no positive value in 2") })
  }

  @Test func `A noise map that is zero everywhere is none`() throws {
    let voxels = try known(noise: [0, 0, 0, 0, 0, 0, 0])
    #expect(voxels.noise == nil && voxels.mask.count == 6)
  }

  @Test func `A mask without any known voxel is refused`() {
    #expect(throws: MappingError.nothingKnown(voxels: 6)) {
      try known(noise: nil, field: [.nan, .nan, .nan, .nan, .nan, .nan, 1])
    }
  }
}
