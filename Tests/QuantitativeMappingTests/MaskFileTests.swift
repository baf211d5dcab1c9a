import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// What is inside of a mask file: above zero, or above one half of probabilities.
struct MaskFileTests {
  private let geometry = Geometry(matrix: Extents(x: 6, y: 2, z: 1), voxelSize: [1e-3, 1e-3, 1e-3])
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func mask(_ values: [Float]) throws -> BrainMask {
    let path = folder.path("mask.nii")
    try NIfTIFile.write(
      ImageVolumes(NDArray(values + [0, 0, 0, 0, 0, 0], shape: [1, 2, 6]), geometry: geometry), to: path)
    return try BrainMask(at: path, on: geometry)
  }

  @Test(arguments: [1, 0.5, 0.01, 255, 7.5] as [Float])
  func `One value beside zero is inside, whatever the value`(_ value: Float) throws {
    let mask = try mask([0, value, value, 0, value, 0])
    #expect(
      mask.isInside.elements.prefix(6) == [false, true, true, false, true, false] && mask.remark == nil)
  }

  @Test func `Labels are inside, and probabilities above one half`() throws {
    #expect(try mask([0, 1, 2, 3, 0, 41]).count == 4)
    let soft = try mask([0, 0.2, 0.4, 0.6, 1, 1])
    #expect(soft.count == 3 && soft.remark?.contains("one half") == true)
  }

  @Test(arguments: [-1, .nan, .infinity] as [Float])
  func `Values that no mask has are refused by their number`(_ value: Float) throws {
    let error = try #require(throws: InputError.self) { try mask([0, 1, 1, value, 0, 0]) }
    #expect(error.description.contains("\(value)"), "\(error)")
  }

  @Test func `What a mask's header leaves doubtful is said`() throws {
    let path = folder.path("mask.nii")
    let ones = NDArray<Float>(repeating: 1, shape: [1, 2, 6])
    try NIfTIFile.write(ImageVolumes(ones, geometry: geometry), to: path)
    var bytes = try Data(contentsOf: URL(filePath: path))
    // An sform of zeros.
    bytes.replaceSubrange(280..<328, with: Data(count: 48))
    try bytes.write(to: URL(filePath: path))
    let mask = try BrainMask(at: path, on: try NIfTIFile(at: path).geometry)
    #expect(mask.remark?.contains("the sform holds no orientation") == true, "\(mask.remark ?? "")")
  }
}
