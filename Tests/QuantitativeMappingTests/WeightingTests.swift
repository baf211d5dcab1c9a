import KSpaceToolkit
import Numerics
import Testing

/// The susceptibility-weighted image of a scan's echoes.
struct WeightingTests {
  /// A block of signal in a field that crosses half a period along x, with a vein.
  private static func maps(_ stage: FieldMap.Stage) -> EchoMaps {
    let matrix = Extents(x: 40, y: 24, z: 3)
    let geometry = Geometry(matrix: matrix, voxelSize: [1e-3, 1e-3, 2e-3])
    var field = NDArray<Float>(repeating: 0, shape: matrix.shape), magnitude = field
    for z in 0..<3 {
      for y in 0..<24 {
        for x in 0..<40 {
          var value = Float(x) + 45
          if x == 21 && y == 12 { value += 15 }
          if case .wrapped(let period) = stage {
            value -= Float(period) * (value / Float(period)).rounded()
          }
          field[z, y, x] = value
          magnitude[z, y, x] = (2..<38).contains(x) && (2..<22).contains(y) ? 100 : 1
        }
      }
    }
    // The period is 1 / 7 ms, no whole turn at 20 ms.
    let all = NDArray(magnitude.elements + magnitude.elements, shape: [2] + matrix.shape)
    return EchoMaps(
      magnitude: ImageVolumes(all, geometry: geometry),
      field: FieldMap(ImageVolumes(field, geometry: geometry), stage: stage),
      parameters: ScanParameters(echoTimes: [0.013, 0.020], fieldStrength: 3), geometry: geometry)
  }

  @Test func `Wraps of the field are not drawn as vessels`() throws {
    let clean = try #require(Self.maps(.total).susceptibilityWeighted)
    let wrapped = try #require(Self.maps(.wrapped(period: 1 / 0.007)).susceptibilityWeighted)
    #expect(clean.echo == 1 && wrapped.echo == 1)
    #expect(clean.image[0][1, 12, 21] < 40, "the vein is dark")
    let largest = zip(clean.image.voxels.elements, wrapped.image.voxels.elements).map { abs($0 - $1) }.max()
    #expect(try #require(largest) < 0.5)
  }
}
