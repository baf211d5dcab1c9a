import Foundation
import RawData
import TestSupport
import Testing

/// Files that cannot be read: each error has its kind, names the path, and says what to do.
struct BadFileTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func expectError(
    _ kind: RawDataError.Kind, _ words: String..., at path: String, acceptsTruncation: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let error = try #require(throws: RawDataError.self, sourceLocation: sourceLocation) {
      let file = try MRDFile(at: path, acceptsTruncation: acceptsTruncation)
      _ = try file.allSamples()
    }
    #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
    #expect(error.description.hasPrefix("\(path): "), sourceLocation: sourceLocation)
    #expect(!error.remedy.isEmpty && !error.remedy.hasSuffix("."), sourceLocation: sourceLocation)
    for word in words {
      #expect(error.description.contains(word), "\(error)", sourceLocation: sourceLocation)
    }
  }

  private func file(_ name: String, _ content: Data) throws -> String {
    let path = folder.path(name)
    try content.write(to: URL(filePath: path))
    return path
  }

  @Test
  func `a missing file and a folder`() throws {
    try expectError(.unreadable, "No such file", "Check the name", at: folder.path("absent.h5"))
    try expectError(.unreadable, "No such file", at: folder.path("absent/scan.h5"))
    try expectError(.unreadable, "folder", at: folder.url.path)
  }

  @Test(.enabled(if: getuid() != 0, "root may read everything"))
  func `a file without permission`() throws {
    let path = try file("secret.h5", Data([1, 2, 3]))
    chmod(path, 0)
    try expectError(.unreadable, "Permission denied", "chmod", at: path)
  }

  @Test
  func `files of other kinds`() throws {
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
    let twix: [UInt8] = [0, 0, 0, 0, 2, 0, 0, 0, 9, 9, 9, 9]
    let dicom = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
    let noise: [UInt8] = [0xFF, 0xFE, 0, 200, 201, 7]
    try expectError(.malformed, "empty", at: file("empty.h5", Data()))
    try expectError(.malformed, "text file", at: file("notes.txt", Data("hello\nworld\n".utf8)))
    try expectError(.malformed, "PNG", at: file("image.png", Data(png)))
    try expectError(.malformed, "siemens_to_ismrmrd", at: file("meas.dat", Data(twix)))
    try expectError(.malformed, "DICOM", at: file("image.dcm", Data(dicom)))
    try expectError(.malformed, "gunzip", at: file("scan.h5.gz", Data([0x1F, 0x8B, 8, 0])))
    let second = Array("yardl".utf8) + [1, 0, 0, 0, 0xD8, 0xA6, 1] + Array("{\"protocol\"".utf8)
    try expectError(.malformed, "MRD version 2", at: file("scan.mrd2", Data(second)))
    try expectError(.malformed, "neither an HDF5 file nor an MRD stream", at: file("noise", Data(noise)))
  }

  @Test
  func `an HDF5 file that is cut`() throws {
    let path = folder.path("scan.h5")
    try SampleScan.varied().write(to: path)
    let whole = try Data(contentsOf: URL(filePath: path))
    for size in [9, 100, 1000, whole.count / 2, whole.count - 1] {
      let kind: RawDataError.Kind = size < 100 ? .malformed : .truncated
      try expectError(kind, "copy it again", at: file("cut.h5", whole.prefix(size)))
    }
  }

  @Test
  func `a stream that is cut anywhere`() throws {
    let path = folder.path("scan.mrd")
    let scan = try SampleScan([(2, 3, 0), (1, 4, 2), (2, 3, 0)])
    try scan.write(to: path)
    let whole = try Data(contentsOf: URL(filePath: path))
    let sizes = scan.readouts.map { 2 + 340 + 4 * $0.trajectory.count + 8 * $0.samples.count }
    let start = whole.count - 2 - sizes.reduce(0, +)
    let ends = sizes.indices.map { start + sizes[...$0].reduce(0, +) }
    for size in Array(stride(from: start, to: whole.count, by: 5)) + ends {
      let cut = try file("cut.mrd", whole.prefix(size))
      // Whole readouts before the cut.
      let count = ends.count { $0 <= size }
      try expectError(
        .truncated, "after \(count) acquisitions", "of \(size)", "Copy the stream again",
        "`acceptsTruncation",
        at: cut)
      if count > 0 {
        let accepted = try MRDFile(at: cut, acceptsTruncation: true)
        #expect(try accepted.hexadecimals() == Array(scan.hexadecimals.prefix(count)))
        #expect(accepted.findings.map(\.severity) == [.warning])
      }
    }
    try expectError(.incomplete, at: file("cut.mrd", whole.prefix(start)), acceptsTruncation: true)
    try expectError(.malformed, "3 bytes follow", "one scan", at: file("long.mrd", whole + Data([1, 2, 3])))
    try expectError(.malformed, "second XML header", at: file("two.mrd", whole.dropLast(2) + whole))
    try expectError(
      .malformed, "at byte \(start), after 0 acquisitions", "unknown number 1234",
      at: file("unknown.mrd", whole.prefix(start) + Data([0xD2, 0x04]) + whole.dropFirst(start)))
    try expectError(
      .malformed, "no XML header",
      at: file("headless.mrd", Data([5, 0, 0, 0, 0, 0]) + whole.dropFirst(start)))
  }

  @Test(arguments: [MRDWriter.Format.hdf5, .stream])
  func `a scan without lines`(format: MRDWriter.Format) throws {
    let path = folder.path("scan")
    try SampleScan([]).write(to: path, format: format)
    try expectError(.incomplete, "no acquisitions", at: path)
  }

  @Test(arguments: [MRDWriter.Format.hdf5, .stream])
  func `XML that is not MRD`(format: MRDWriter.Format) throws {
    let path = folder.path("scan")
    var scan = try SampleScan([(1, 2, 0)])
    scan.header.xml = "<html><body>404</body></html>"
    try scan.write(to: path, format: format)
    try expectError(.malformed, "html, not ismrmrdHeader", at: path)
  }

  /// HDF5 files that h5py makes, and what is wrong with them.
  static let strangeFiles: [(script: String, kind: RawDataError.Kind, words: [String])] = [
    ("", .malformed, ["no group has both xml and data", "it is empty"]),
    ("f['kspace'] = numpy.zeros(3)", .malformed, ["it holds kspace", "Convert"]),
    ("f['dataset/xml'] = 'x'", .malformed, ["no group has both xml and data"]),
    ("write('a'); write('b')", .malformed, ["several scans: a, b", "`group: a"]),
    ("f['dataset/xml'] = 'x'; f['dataset/data'] = numpy.zeros(3)", .unsupported, ["not a table"]),
    ("f['dataset/xml'] = 3.5; f['dataset/data'] = numpy.zeros(3)", .malformed, ["not a text"]),
    ("write('dataset', count=0)", .incomplete, ["no acquisitions"]),
    (
      "write('dataset', samples=5)", .malformed,
      ["acquisition 2", "10 numbers", "says 8 (2 x 1 channels x 4 samples)"]
    ),
    ("write('dataset', samples=3)", .malformed, ["acquisition 2", "6 numbers", "says 8"]),
    // Nothing is reserved for what no file of this size can hold.
    (
      "write('dataset', claimed=65535)", .malformed,
      ["acquisition 2", "fewer numbers", "65535 channels x 65535 samples"]
    ),
  ]

  @Test(.enabled(if: Python.isAvailable, "\(Python.absence)"), arguments: strangeFiles)
  func `HDF5 files with the wrong content`(
    script: String, kind: RawDataError.Kind, words: [String]
  ) throws {
    let path = folder.path("scan.h5")
    _ = try Python.run(
      """
      import sys, h5py, numpy
      from ismrmrd.hdf5 import acquisition_dtype
      f = h5py.File(sys.argv[1], 'w')
      def write(group, count=4, samples=4, claimed=None):
          f[group + '/xml'] = [sys.argv[2].encode()]
          rows = numpy.zeros(count, acquisition_dtype)
          rows['head']['number_of_samples'] = 4
          rows['head']['active_channels'] = 1
          if claimed:
              rows['head']['number_of_samples'][2] = claimed
              rows['head']['active_channels'][2] = claimed
          for i in range(count):
              rows[i]['traj'] = numpy.zeros(0, numpy.float32)
              rows[i]['data'] = numpy.zeros(2 * (samples if i == 2 else 4), numpy.float32)
          f.create_dataset(group + '/data', data=rows, chunks=(max(count, 1),), maxshape=(None,))
      \(script)
      """, path, SampleScan.xml)
    let error = try #require(throws: RawDataError.self) { _ = try MRDFile(at: path).allSamples() }
    #expect(error.kind == kind, "\(error)")
    #expect(error.description.hasPrefix("\(path): "))
    for word in words { #expect(error.description.contains(word), "\(error)") }
  }

  @Test
  func `what cannot be written leaves nothing behind`() throws {
    let scan = try SampleScan([(1, 2, 0)])
    for format in [MRDWriter.Format.hdf5, .stream] {
      let error = try #require(throws: RawDataError.self) {
        try scan.write(to: folder.path("absent/scan.h5"), format: format)
      }
      #expect(error.kind == .unreadable && error.description.contains("Create the folder"))
      #expect(throws: RawDataError.self) { try scan.write(to: folder.url.path, format: format) }
      // A writer that is dropped, and one that was not closed, leave the old file alone.
      let path = try file("old", Data("old".utf8))
      let readout = scan.readouts[0]
      do {
        let writer = try MRDWriter(creating: path, header: scan.header, format: format)
        try readout.samples.withUnsafeBufferPointer { samples throws(RawDataError) in
          try writer.append(readout.header, samples: samples)
        }
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["old"])
      try scan.write(to: path, format: format)
      #expect(try MRDFile(at: path).acquisitions.count == 1)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["old"])
    }
  }
}
