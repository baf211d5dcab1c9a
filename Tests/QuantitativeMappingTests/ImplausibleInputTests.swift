import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// Numbers of images that no scan has, and masks that do not fit, are refused before anything is computed.
struct ImplausibleInputTests {
  private func source(voxel: Double, fieldStrength: Double, in folder: TemporaryDirectory) throws
    -> ImageSource
  {
    let geometry = Geometry(matrix: Extents(x: 9, y: 8, z: 8), voxelSize: [voxel, voxel, voxel])
    let field = NDArray<Float>((0..<576).map { Float($0 % 7) - 3 }, shape: [8, 8, 9])
    try NIfTIFile.write(ImageVolumes(field, geometry: geometry), to: folder.path("field.nii"))
    var reading = ImageReading()
    (reading.fieldStrength, reading.fieldUnit) = (fieldStrength, .hertz)
    return ImageSource(field: folder.path("field.nii"), stage: .total, reading: reading)
  }

  @Test(arguments: [
    (1e-6, 3.0, "voxels of 0.001"), (0.2, 3, "voxels of 200"), (1e-3, 30_000, "3 T in gauss"),
  ])
  func `Voxels and fields of no scanner are refused by their number`(
    _ voxel: Double, _ fieldStrength: Double, _ words: String
  ) throws {
    let folder = try TemporaryDirectory()
    let error = try #require(throws: InputError.self) {
      try source(voxel: voxel, fieldStrength: fieldStrength, in: folder).maps()
    }
    #expect(error.description.contains(words), "\(error)")
    #expect(try source(voxel: 1e-4, fieldStrength: 9.4, in: folder).maps().field?.stage == .total)
  }

  @Test func `A mask of other extents than the maps is refused`() throws {
    let folder = try TemporaryDirectory()
    let maps = try source(voxel: 1e-3, fieldStrength: 3, in: folder).maps()
    let other = Geometry(matrix: Extents(x: 3, y: 4, z: 5), voxelSize: [1e-3, 1e-3, 1e-3])
    let mask = BrainMask(NDArray(repeating: true, shape: [5, 4, 3]), geometry: other)
    #expect(throws: MappingError.gridsDiffer(name: "mask")) { try SusceptibilityMapping()(maps, mask: mask) }
  }

  @Test func `A mask in which nothing can be inverted is refused`() throws {
    let folder = try TemporaryDirectory()
    let maps = try source(voxel: 1e-3, fieldStrength: 3, in: folder).maps()
    var inside = NDArray(repeating: false, shape: [8, 8, 9])
    inside[4, 4, 4] = true
    let mask = BrainMask(inside, geometry: maps.geometry)
    #expect(throws: MappingError.nothingInverted(voxels: 1)) { try SusceptibilityMapping()(maps, mask: mask) }
  }
}
