import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import TestSupport
import Testing

/// Headers and sidecars that contradict themselves.
struct DoubtfulHeaderTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  /// The remarks on a file of good geometry some bytes of which were changed.
  private func remarks(_ change: (inout Data) -> Void) throws -> [String] {
    let geometry = Geometry(matrix: Extents(x: 4, y: 5, z: 6), voxelSize: [2e-3, 2e-3, 3e-3])
    let path = folder.path("volume.nii")
    try NIfTIFile.write(
      ImageVolumes(NDArray<Float>(repeating: 1, shape: [6, 5, 4]), geometry: geometry), to: path)
    var bytes = try Data(contentsOf: URL(filePath: path))
    change(&bytes)
    try bytes.write(to: URL(filePath: path))
    return try NIfTIFile(at: path).remarks
  }

  private func put(_ values: [Float], at offset: Int, in bytes: inout Data) {
    bytes.replaceSubrange(offset..<offset + 4 * values.count, with: values.withUnsafeBytes { Data($0) })
  }

  @Test func `A qform that lies elsewhere than the sform is remarked upon`() throws {
    #expect(try remarks { _ in } == [])
    let turned = try remarks { put([0, 0, sin(.pi / 8)], at: 256, in: &$0) }
    #expect(turned.contains { $0.contains("sform and qform differ: their axes by") }, "\(turned)")
    let moved = try remarks { put([50, 50, 50], at: 268, in: &$0) }
    #expect(moved.contains { $0.contains("first voxels by") }, "\(moved)")
  }

  @Test(arguments: [0, .nan] as [Float])
  func `An sform or a pixdim without numbers is remarked upon with what was used`(_ value: Float) throws {
    let sform = try remarks { put(Array(repeating: value, count: 12), at: 280, in: &$0) }
    #expect(
      sform.contains { $0.contains("sform holds no orientation") && $0.contains("qform was used") },
      "\(sform)")
    let pixdim = try remarks { put(Array(repeating: value, count: 3), at: 80, in: &$0) }
    #expect(pixdim.contains { $0.contains("pixdim") && $0.contains("sform were used") }, "\(pixdim)")
  }

  @Test(arguments: [("PhaseSign", "\"up\""), ("Units", "\"furlongs\""), ("EchoTime", "\"long\"")])
  func `An odd value of a sidecar is named with its key`(_ key: String, _ value: String) throws {
    let path = folder.path("odd.json")
    try Data("{\"\(key)\": \(value)}".utf8).write(to: URL(filePath: path))
    let error = try #require(throws: FileError.self) { try Sidecar(at: path) }
    #expect(error.description.contains(key) && error.description.contains(value), "\(error)")
    try Data("no table".utf8).write(to: URL(filePath: path))
    #expect(throws: FileError.malformed(path: path, reason: "it is not JSON")) { try Sidecar(at: path) }
  }
}
