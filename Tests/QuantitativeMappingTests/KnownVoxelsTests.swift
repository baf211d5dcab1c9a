import Foundation
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

  /// Which voxels of a cube are known of a field without wraps.
  private func known(of field: (Int, Int, Int) -> Float) throws -> NDArray<Bool> {
    let geometry = Geometry(matrix: Extents(x: 16, y: 16, z: 16), voxelSize: [1e-3, 1e-3, 1e-3])
    let values = (0..<4096).map { field($0 % 16, $0 / 16 % 16, $0 / 256) }
    let maps = EchoMaps(
      field: FieldMap(ImageVolumes(NDArray(values, shape: [16, 16, 16]), geometry: geometry), stage: .total),
      parameters: ScanParameters(echoTimes: [], fieldStrength: 3), geometry: geometry)
    return try KnownVoxels(
      of: BrainMask(NDArray(repeating: true, shape: [16, 16, 16]), geometry: geometry), in: maps
    ).mask.isInside
  }

  @Test func `Zeros of a field in whole numbers are values, and holes in it are not`() throws {
    func isHole(_ x: Int, _ y: Int, _ z: Int) -> Bool {
      [x, y, z].allSatisfy { (2..<7).contains($0) }
    }
    // A few steps, of which zero is the most frequent, and a slope of more than a step per voxel.
    func flat(_ x: Int, _ y: Int, _ z: Int) -> Float {
      (1.6 * sin(Float(x) / 3 + Float(y) / 5 + Float(z) / 7)).rounded()
    }
    func steep(_ x: Int, _ y: Int, _ z: Int) -> Float {
      (2.3 * Float(x - 9) + 0.4 * Float(y) - 0.3 * Float(z)).rounded()
    }
    for field in [flat, steep] {
      #expect(try known(of: field).elements.allSatisfy(\.self))
      #expect(try known { 0.125 * field($0, $1, $2) }.elements.allSatisfy(\.self))
    }
    // The hole lies where the slope is far from zero.
    let known = try known { isHole($0, $1, $2) ? 0 : steep($0, $1, $2) }
    #expect(known.elements.count { !$0 } == 125 && !known[4, 4, 4] && !known[2, 2, 2])
  }

  @Test func `Zeros of a field in fractions are no values`() throws {
    let known = try known { x, y, z in
      x == 5 ? 0 : 1.7 * Float(x - 9) + 0.41 * Float(y) - 0.0037 * Float(z * (y + 1)) + 0.0021
    }
    #expect(known.elements.count { !$0 } == 256 && !known[3, 3, 5])
  }
}
