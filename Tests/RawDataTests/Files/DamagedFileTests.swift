import Foundation
import MRIData
import RawData
import TestSupport
import Testing

/// Damaged bytes may make an error or other values, never a crash.
struct DamagedFileTests {
  @Test
  func `streams with changed and missing bytes`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("scan.mrd")
    try SampleScan([(2, 3, 1), (1, 4, 0)]).write(to: path)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    let xmlSize = try SampleScan([]).header.xml.utf8.count
    var generator = SeededGenerator(seed: 5)
    for round in 0..<2000 {
      // Mostly the framing and the readouts; the XML has its own test.
      var bytes = whole
      for _ in 0...round % 4 {
        let place = Int.random(in: 0..<bytes.count - xmlSize, using: &generator)
        bytes[place < 6 ? place : place + xmlSize] = .random(in: 0...255, using: &generator)
      }
      if round.isMultiple(of: 3) { bytes.removeLast(.random(in: 0..<bytes.count, using: &generator)) }
      try Data(bytes).write(to: URL(filePath: path))
      do throws(RawDataError) {
        let file = try MRDFile(at: path, acceptsTruncation: round.isMultiple(of: 2))
        try file.forEachReadout(Array(file.acquisitions.indices)) { _, _ throws(RawDataError) in }
      } catch {
        #expect(error.description.hasPrefix(path))
      }
    }
  }

  @Test
  func `XML with changed and missing bytes`() throws {
    let whole = Array(SampleScan.xml.utf8)
    let marks = Array("<>/&;\"'=![]?-x0".utf8) + [0, 0xC3, 0xFF]
    var generator = SeededGenerator(seed: 6)
    for round in 0..<3000 {
      var bytes = whole
      for _ in 0...round % 5 {
        bytes[.random(in: 0..<bytes.count, using: &generator)] = marks.randomElement(using: &generator) ?? 0
      }
      if round.isMultiple(of: 3) { bytes.removeLast(.random(in: 0..<bytes.count, using: &generator)) }
      let header = try? MRDHeader(xml: String(decoding: bytes, as: UTF8.self))
      _ = try? header?.edited(userParameters: ["a": "b"], acceleration: [2, 1])
    }
  }
}
