import Foundation
import Numerics
import TestSupport
import Testing

@testable import RawData

struct RoundTripTests {
  @Test(arguments: [MRDWriter.Format.hdf5, .stream])
  func `what is written is read bit for bit`(format: MRDWriter.Format) throws {
    let scan = try SampleScan.varied()
    let folder = try TemporaryDirectory()
    let path = folder.path("scan")
    try scan.write(to: path, format: format)
    let file = try MRDFile(at: path)
    #expect(file.header == scan.header)
    #expect(file.acquisitions == scan.readouts.map(\.header))
    #expect(try file.allSamples() == scan.readouts.map(\.samples))
    for (index, readout) in scan.readouts.enumerated() {
      #expect(try file.trajectory(ofReadout: index) == readout.trajectory)
    }
  }

  @Test(arguments: [MRDWriter.Format.hdf5, .stream])
  func `chosen readouts are handed out once each`(format: MRDWriter.Format) throws {
    let scan = try SampleScan.varied()
    let folder = try TemporaryDirectory()
    let path = folder.path("scan")
    try scan.write(to: path, format: format)
    let file = try MRDFile(at: path)
    let chosen = Array(stride(from: 1, to: file.acquisitions.count, by: 3))
    let seen = SeenReadouts()
    try file.forEachReadout(chosen) { (index, samples) throws(RawDataError) in
      seen.add(index, Array(samples) == scan.readouts[index].samples)
    }
    #expect(seen.indices == chosen)
    #expect(seen.isAllRight)
  }

  @Test
  func `the header's bytes are the standard's`() {
    var bytes = [UInt8](repeating: 0, count: AcquisitionHeader.byteCount)
    var generator = SystemRandomNumberGenerator()
    for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255, using: &generator) }
    let header = bytes.withUnsafeBytes { AcquisitionHeader(bytes: $0) }
    var written = [UInt8](repeating: 0, count: AcquisitionHeader.byteCount)
    written.withUnsafeMutableBytes { header.write(to: $0) }
    #expect(written == bytes)
  }
}
