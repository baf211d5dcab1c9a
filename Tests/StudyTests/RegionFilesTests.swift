import Files
import ImageFiles
import MRIData
import NDArrays
import Study
import TestSupport
import Testing

struct RegionFilesTests {
  @Test(
    "Labels that are no whole numbers are refused by their file's name",
    arguments: [1.5, .nan, 1e30] as [Float])
  func fractionalLabels(_ label: Float) throws {
    let folder = try TemporaryDirectory(), path = folder.path("labels.nii")
    let geometry = Geometry(matrix: Extents(x: 4, y: 3, z: 2), voxelSize: [2e-3, 2e-3, 2e-3])
    func labels(_ value: Float) throws -> LabelVolume? {
      let values = NDArray((0..<24).map { Float($0 == 7 ? value : 2) }, shape: [2, 3, 4])
      try NIfTIFile.write(ImageVolumes(values, geometry: geometry), to: path)
      return try RegionFiles(labels: path).readLabels(on: geometry)
    }
    let error = try #require(throws: InputError.self) { try labels(label) }
    #expect(error.description.contains("labels.nii: The label"), "\(error)")
    #expect(try labels(3)?.regions == ["2", "3"])
  }
}
