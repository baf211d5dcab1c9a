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
}
