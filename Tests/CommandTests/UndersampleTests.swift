import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// What an undersampled copy holds of everything that a raw file may hold.
struct UndersampleTests {
  private static let matrix = Extents(x: 10, y: 24, z: 12)

  @Test func `A scan with separate calibration lines stays readable, and calibrated by them`() throws {
    let images = WrittenScan.complete(lines: 24, partitions: 12, echoes: 2)
    let lines = images.filter { (8..<16).contains($0.line) && (4..<8).contains($0.partition) && $0.echo == 0 }
      .map { line in
        var line = line
        line.flags = .isCalibration
        return line
      }
    let scan = try WrittenScan(
      matrix: Self.matrix, echoes: 2, calibrationMode: "separate", images + lines)
    let result = try scan.run(
      "undersample", "scan.h5", "--acceleration", "2", "--calibration", "6x6", "-o", "half.h5")
    #expect(result.status == 0, "\(result.errors)")
    let copy = try scan.file("half.h5"), kSpace = try KSpace(copy)
    #expect(kSpace.masks.map(\.acquiredCount) == [144, 144])
    #expect(kSpace.calibration?.mask.acquiredCount == 32)
    #expect(kSpace.calibration?.samples == (try KSpace(scan.file("scan.h5"))).calibration?.samples)
    #expect(copy.header.encodings[0].calibrationMode == "separate")
    #expect(try scan.run("info", "half.h5").output.contains("ERROR") == false)
  }

  @Test func `Masks of a file are told echo by echo, and one for all echoes is kept as one`() throws {
    let scan = try WrittenScan(
      matrix: Self.matrix, echoes: 2, WrittenScan.complete(lines: 24, partitions: 12, echoes: 2))
    let made = try scan.run(
      "mask", "poisson", "--matrix", "24x12", "--acceleration", "2", "--calibration", "6x6", "--echoes", "2",
      "-o", "two.npy")
    #expect(made.status == 0, "\(made.errors)")
    let two = try scan.run("undersample", "scan.h5", "--mask", "two.npy", "-o", "two.h5")
    #expect(two.output.contains("echo 1:") && two.output.contains("echo 2:"), "\(two.output)\(two.errors)")
    let one = try scan.run(
      "undersample", "scan.h5", "--acceleration", "2", "--calibration", "6x6", "-o", "one.h5")
    #expect(one.output.contains("echo 1:") && !one.output.contains("echo 2:"), "\(one.output)\(one.errors)")
    let text = try #require(try scan.file("one.h5").header.userParameters["undersampling_mask"])
    let sidecar = try JSONDecoder().decode(MaskSidecar.self, from: Data(text.utf8))
    #expect(sidecar.masks.count == 1)
    #expect(try sidecar.rederivedMasks()?.count == 1)
  }

  @Test func `A stream on the standard output holds no words`() throws {
    let scan = try WrittenScan(
      matrix: Self.matrix, WrittenScan.complete(lines: 24, partitions: 12))
    let options = "undersample scan.h5 --acceleration 2 --calibration 6x6"
    let piped = try ExternalProcess.result(
      "/bin/sh", ["-c", "\"$0\" \(options) -o - > piped.mrd", Command.path], directory: scan.folder)
    #expect(piped.status == 0 && piped.errors.contains("144 of 288 image lines"), "\(piped.errors)")
    let named = try scan.run(
      "undersample", "scan.h5", "--acceleration", "2", "--calibration", "6x6", "-o", "named.mrd")
    #expect(named.output.contains("144 of 288 image lines"))
    #expect(
      FileManager.default.contentsEqual(
        atPath: scan.folder.path("piped.mrd"), andPath: scan.folder.path("named.mrd")))
  }

  @Test func `What is neither read nor copied is named`() throws {
    let scan = try WrittenScan(
      "scan.mrd", matrix: Self.matrix, WrittenScan.complete(lines: 24, partitions: 12))
    let url = URL(filePath: scan.folder.path("scan.mrd"))
    var stream = try Data(contentsOf: url)
    // Before the end: a waveform without samples, its number and 40 bytes of header.
    stream.insert(contentsOf: [2, 4] + [UInt8](repeating: 0, count: 40), at: stream.count - 2)
    try stream.write(to: url)
    let result = try scan.run(
      "undersample", "scan.mrd", "--acceleration", "2", "--calibration", "6x6", "-o", "half.mrd")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("not read, and not copied: 1 waveforms"), "\(result.output)")
  }
}
