import MRIData
import NDArrays
import QSM
import Testing

struct MaskPlausibilityTests {
  private static let matrix = Extents(x: 60, y: 60, z: 40)

  /// A ball that gives signal, and the warnings about a mask that a radius gives [voxels].
  private func warnings(mask radius: Double, object: Double = 25, voxel: Double = 3e-3, depth: Int = 40)
    -> [String]
  {
    let matrix = Extents(x: 60, y: 60, z: depth)
    func isInside(_ index: Int, _ radius: Double) -> Bool {
      let x = Double(index % 60 - 30), y = Double(index / 60 % 60 - 30), z = Double(index / 3600 - depth / 2)
      return x * x + y * y + (z * 60 / 40) * (z * 60 / 40) < radius * radius
    }
    let bright = (0..<matrix.count).map { isInside($0, object) ? Float(100) : 1 }
    let magnitude = ImageVolumes(
      NDArray(bright, shape: matrix.shape),
      geometry: Geometry(matrix: matrix, voxelSize: [voxel, voxel, voxel * 1.5]))
    let mask = NDArray((0..<matrix.count).map { isInside($0, radius) }, shape: matrix.shape)
    return MaskPlausibility(mask, of: magnitude).warnings
  }

  @Test func `A mask of a brain's size within the object is not doubted`() {
    #expect(warnings(mask: 22).isEmpty)
    #expect(warnings(mask: 20, voxel: 0.3e-3).isEmpty)
  }

  @Test func `Masks are doubted that are tiny, too large, in the dark or at the end`() {
    #expect(warnings(mask: 6).contains { $0.contains("too little for a brain") })
    #expect(warnings(mask: 25, voxel: 3.7e-3).contains { $0.contains("no human brain's") })
    #expect(warnings(mask: 27).contains { $0.contains("hardly any signal") })
    #expect(warnings(mask: 22, depth: 20).contains { $0.contains("touches the end") })
    #expect(!warnings(mask: 22).contains { $0.contains("touches the end") })
  }
}
