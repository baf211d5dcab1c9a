import MRIData
import NDArrays
import PhaseUnwrapping
import QSM
import QuantitativeMapping
import Testing

/// Volumes of few slices, whose grids with zeros around are far larger than they are.
struct SlabTests {
  @Test func `What a slab is told to take counts the zeros around it`() {
    func needs(_ matrix: Extents, _ voxelSize: SIMD3<Double>? = nil) -> MethodNeeds {
      SusceptibilityMapping().needs(
        for: ScanSize(matrix: matrix, voxelSize: voxelSize, channels: 1, echoes: 1))
    }
    // Measured: 1.01 GB and 51 s of a core.
    let slice = needs(Extents(x: 320, y: 320, z: 1))
    #expect((0.9e9...1.8e9).contains(slice.memory) && (30...150).contains(slice.seconds), "\(slice)")
    // Along a long axis of voxels there are fewer of zeros.
    let matrix = Extents(x: 128, y: 160, z: 40)
    #expect(needs(matrix, [1.5e-3, 1.5e-3, 3e-3]).memory < 0.9 * needs(matrix).memory)
    // What a damaged header holds is not believed.
    for side in [0, -1, Double.nan, .infinity, 1e-300] {
      #expect(needs(matrix, [side, 1e-3, 1e-3]) == needs(matrix), "\(side)")
    }
  }

  @Test func `A slice is warned of, and its sign not asked for`() throws {
    let geometry = Geometry(matrix: Extents(x: 24, y: 24, z: 1), voxelSize: [2e-3, 2e-3, 2e-3])
    var field: [Float] = [], isInside: [Bool] = []
    for index in 0..<576 {
      let x = Float(index % 24) - 12, y = Float(index / 24) - 12
      field.append(1.5 * x + 20 / (1 + 0.1 * (x * x + y * y)))
      isInside.append(x * x + y * y < 100)
    }
    let maps = EchoMaps(
      field: FieldMap(
        ImageVolumes(NDArray(field, shape: [1, 24, 24]), geometry: geometry), stage: .total),
      parameters: ScanParameters(echoTimes: [0.01, 0.02], fieldStrength: 3), geometry: geometry)
    let mask = BrainMask(NDArray(isInside, shape: [1, 24, 24]), geometry: geometry)
    let warnings = try SusceptibilityMapping()(maps, mask: mask).warnings
    #expect(warnings.contains { $0.contains("1 voxel thick along z") }, "\(warnings)")
    #expect(!warnings.contains { $0.contains("phaseSign") }, "\(warnings)")
  }

  @Test func `A mask by second differences says whose quality it takes`() {
    func mask(_ weights: ROMEO.Weights) -> MethodConfiguration {
      PhaseQualityMask(unwrapping: ROMEO(weights: weights)).configuration
    }
    #expect(mask(.bestpath) == mask(.romeo2) && mask(.bestpath) != mask(.romeo))
  }
}
