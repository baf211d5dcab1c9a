import Foundation
import ImageFiles
import MRIData
import NDArrays
import Phantoms
import RawData
import TestSupport
import Testing

@testable import Study

/// What the scans of a cohort's files are taken for.
@Suite struct CohortSourceTests {
  /// A folder with a scan, regions that lie 40 mm off it, and a table of a subject.
  private static func folder() throws -> TemporaryDirectory {
    let folder = try TemporaryDirectory()
    var geometry = HeadPhantom.defaultGeometry
    geometry.matrix = Extents(x: 16, y: 20, z: 10)
    geometry.voxelSize = [10e-3, 10e-3, 12e-3]
    let phantom = HeadPhantom(
      HeadAnatomy(seed: 2, age: 40), geometry: geometry, parameters: .spoiledGradientEcho(echoes: 2),
      channels: 2, signalToNoise: 60)
    try PhantomFiles(folder.path("scan.h5")).writeScan(of: phantom, signalToNoise: 60)
    geometry.center.x += 40e-3
    let labels = NDArray((0..<16 * 20 * 10).map { Float($0 / 320 % 3) }, shape: [10, 20, 16])
    try NIfTIFile.write(ImageVolumes(labels, geometry: geometry), to: folder.path("labels.nii.gz"))
    try Data("participant_id\tage\tfile\tlabels\nsub-01\t40\tscan.h5\tlabels.nii.gz\n".utf8).write(
      to: folder.url.appending(path: "participants.tsv"))
    return folder
  }

  @Test func `Volumes that are taken wherever they lie are other volumes`() throws {
    let folder = try Self.folder(), source = try CohortSource(at: folder.url.path)
    let plain = try source.subjects()[0], ignoring = try source.subjects(ignoringAffine: true)[0]
    #expect(throws: (any Error).self) { try plain.load() }
    let scan = try ignoring.load()
    #expect(scan.labels.regions == ["1", "2"] && scan.excitations == .counted(200))
    #expect(plain.input != ignoring.input && plain.input.checksum == ignoring.input.checksum)
    #expect(plain.input.difference(from: ignoring.input)?.contains("read in another way") == true)
    #expect(try source.subjects()[0].input == plain.input)
  }

  @Test(.enabled(if: Python.isAvailable, "\(Python.absence)"))
  func `The scans of one file are told apart by their groups`() throws {
    let folder = try Self.folder(), source = try CohortSource(at: folder.url.path)
    _ = try Python.run(
      "import sys, h5py; f = h5py.File(sys.argv[1], 'a'); f.copy('dataset', 'again')", folder.path("scan.h5"))
    func input(_ group: String?) throws -> StudyInput {
      try source.subjects(opening: { try MRDFile(at: $0, group: group) })[0].input
    }
    #expect(try input(nil) == input("dataset") && input("/dataset") == input("dataset"))
    #expect(try input("again") != input(nil) && input("again").options.contains("group again"))
    func scan(_ group: String?) throws -> StudyInput {
      try StudyFile(MRDFile(at: folder.path("scan.h5"), group: group)).scan().input
    }
    #expect(try scan(nil) == scan("dataset") && scan("again") != scan(nil))
    #expect(try scan("again").difference(from: scan(nil)) == "scan.h5 read in another way (group again)")
  }
}
