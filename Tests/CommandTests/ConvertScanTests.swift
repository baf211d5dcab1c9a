import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// What becomes of all parts of a scan on its way to an array and back.
struct ConvertScanTests {
  @Test(arguments: [[], ["--images"]])
  func `Slices come back as slices`(options: [String]) throws {
    let scan = try WrittenScan(
      matrix: Extents(x: 10, y: 12, z: 1), prescribed: Extents(x: 10, y: 8, z: 1),
      (0..<5).flatMap { WrittenScan.complete(lines: 12, slice: $0) })
    let there = try Command.run(["convert", "scan.h5", "-o", "a.npy"] + options, in: scan.folder)
    #expect(there.status == 0, "\(there.errors)")
    #expect(try scan.run("convert", "a.npy", "-o", "back.h5").status == 0)
    let first = try SliceStack(scan.file("scan.h5")), second = try SliceStack(scan.file("back.h5"))
    #expect(second.slices.count == 5)
    let expected = try first.images(by: ZeroFilled()), images = try second.images(by: ZeroFilled())
    try #require(images.geometry.matrix == Extents(x: 10, y: 8, z: 5))
    #expect(expected.geometry.arrangement(on: images.geometry)?.isIdentity == true)
    #expect(relativeError(try images.channel(1), try expected.channel(1)) < 1e-5)
    // The user's word goes before the sidecar's.
    let volume = try scan.run("convert", "a.npy", "-o", "volume.h5", "--no-slices")
    #expect(volume.status == (options.isEmpty ? 3 : 0), "\(volume.errors)")
    if !options.isEmpty { #expect(try KSpace(scan.file("volume.h5")).partitions == 5) }
  }

  @Test func `K-space becomes images by its transform, never by its name`() throws {
    let scan = try WrittenScan(
      matrix: Extents(x: 10, y: 12, z: 6), echoes: 2, prescribed: Extents(x: 10, y: 8, z: 5),
      WrittenScan.complete(lines: 12, partitions: 6, echoes: 2).filter { $0.line % 3 > 0 })
    #expect(try scan.run("convert", "scan.h5", "-o", "k.npy").status == 0)
    #expect(try scan.run("convert", "scan.h5", "-o", "i.npy", "--images").status == 0)
    #expect(try scan.run("convert", "k.npy", "-o", "j.npy", "--images").status == 0)
    let direct = try scan.array("i.npy"), images = try scan.array("j.npy")
    try #require(direct.shape == [2, 2, 5, 8, 10] && images.shape == direct.shape)
    #expect(relativeError(images, direct) < 1e-6)
    let sidecars = try ["i.json", "j.json"].map {
      try String(contentsOfFile: scan.folder.path($0), encoding: .utf8)
    }
    #expect(sidecars[0] == sidecars[1])
    let refused = try scan.run("convert", "k.npy", "-o", "back.h5", "--images")
    #expect(refused.status == 3 && refused.errors.contains("k-space"), "\(refused.errors)")
    #expect(refused.errors.contains("--images"))
    // Where nobody says what an array holds, the option does; that is told.
    try NumPyArray.write(direct, to: scan.folder.path("bare.npy"))
    for (options, word) in [([], "k-space"), (["--images"], "images")] {
      let bare = try Command.run(
        ["convert", "bare.npy", "-o", "copy.npy", "--force"] + options, in: scan.folder)
      #expect(bare.status == 0 && bare.errors.contains("taken for \(word)"), "\(bare.errors)")
      #expect(try scan.array("copy.npy") == direct)
    }
  }
}
