import Foundation
import MRIData
import RawData
import TestSupport
import Testing

/// HDF5 files as different writers lay them out; the content is always the same.
struct HDF5LayoutTests {
  /// Readouts that HDF5 keeps in collections of their own, together with others, or behind a trajectory.
  private static func scan() throws -> SampleScan {
    try SampleScan(
      [(2, 512, 0), (4, 700, 0), (1, 3, 0), (1, 2, 0), (8, 512, 1), (2, 300, 3), (1, 0, 0), (1, 8, 2)]
        + Array(repeating: (1, 1, 0), count: 400) + Array(repeating: (3, 256, 0), count: 300))
  }

  /// How h5py is to write the rows that it is given, and the group to read.
  static let layouts: [String] = [
    "new('dataset/data', rows)",
    "new('dataset/data', rows, chunks=(1,))",
    "new('dataset/data', rows, chunks=(1024,), maxshape=(None,))",
    "new('dataset/data', rows.reshape(-1, 1), chunks=(7, 1))",
    "new('dataset/data', rows, chunks=(64,), compression='gzip')",
    "new('dataset/data', retyped(rows, '>f4'), chunks=(10,))",
    "new('dataset/data', retyped(rows, '<f8'), chunks=(10,))",
    "new('dataset/data', reordered(rows), chunks=(10,))",
    "new('dataset/data', rows, chunks=(5,), userblock=1024)",
    "new('dataset/data', rows, chunks=(5,), libver='v110')",
    "new('20240102_gre/data', rows, chunks=(1,))",
  ]

  @Test(.enabled(if: Python.isAvailable, "\(Python.absence)"), arguments: layouts)
  func `every layout of the table is read alike`(layout: String) throws {
    let scan = try Self.scan()
    let folder = try TemporaryDirectory()
    try scan.write(to: folder.path("ours.h5"))
    _ = try Python.run(
      """
      import sys, h5py, numpy as np
      with h5py.File(sys.argv[1]) as f:
          rows, xml = f['dataset/data'][:], f['dataset/xml'][0]
      def new(name, rows, userblock=None, libver=None, **options):
          with h5py.File(sys.argv[2], 'w', userblock_size=userblock, libver=libver) as f:
              f[name.replace('data', 'xml') if name[0] == '2' else 'dataset/xml'] = np.bytes_(xml)
              f.create_dataset(name, data=rows, **options)
      def copied(rows, types):
          result = np.empty(len(rows), types)
          for name in rows.dtype.names:
              for i in range(len(rows)): result[name][i] = rows[name][i]
          return result
      def retyped(rows, number):
          vlen = h5py.vlen_dtype(np.dtype(number))
          return copied(rows, [('head', rows.dtype['head']), ('traj', vlen), ('data', vlen)])
      def reordered(rows):
          fields = [(n, rows.dtype['head'][n]) for n in reversed(rows.dtype['head'].names)]
          head = np.empty(len(rows), np.dtype(fields, align=True))
          for n, _ in fields: head[n] = rows['head'][n]
          result = np.empty(len(rows), [('data', rows.dtype['data']), ('head', head.dtype), ('traj', rows.dtype['traj'])])
          result['head'] = head
          for name in ['traj', 'data']: result[name] = rows[name]
          return result
      \(layout)
      """, folder.path("ours.h5"), folder.path("theirs.h5"))
    let file = try MRDFile(at: folder.path("theirs.h5"))
    #expect(file.header == scan.header)
    #expect(try file.hexadecimals() == scan.hexadecimals)
    // Gaps in the choice take another way through HDF5.
    let chosen = file.acquisitions.indices.filter { $0 % 3 != 1 }
    let samples = try file.samples(of: chosen)
    #expect(chosen.allSatisfy { samples[$0] == scan.readouts[$0].samples })
  }

  @Test(arguments: [MRDWriter.Format.hdf5, .stream])
  func `a file is read through a pipe`(format: MRDWriter.Format) throws {
    let scan = try Self.scan()
    let folder = try TemporaryDirectory()
    let path = folder.path("scan")
    try scan.write(to: path, format: format)
    let pipe = folder.path("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    let content = try Data(contentsOf: URL(filePath: path))
    Thread.detachNewThread { try? FileHandle(forWritingTo: URL(filePath: pipe)).write(contentsOf: content) }
    let file = try MRDFile(at: pipe)
    #expect(try file.hexadecimals() == scan.hexadecimals)
  }

  @Test
  func `the group to read can be named`() throws {
    let scan = try SampleScan([(1, 2, 0)])
    let folder = try TemporaryDirectory()
    let path = folder.path("scan.h5")
    try scan.write(to: path)
    #expect(try MRDFile(at: path, group: "dataset").hexadecimals() == scan.hexadecimals)
    #expect(try MRDFile(at: path, group: "/dataset").hexadecimals() == scan.hexadecimals)
    let error = try #require(throws: RawDataError.self) { try MRDFile(at: path, group: "other") }
    #expect(error.kind == .malformed)
    #expect(error.description.contains("no group other") && error.remedy.contains("dataset with `group`"))
  }

  @Test(.enabled(if: Python.isAvailable, "\(Python.absence)"))
  func `a second scan in the file is named`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("scan.h5")
    try SampleScan.square.write(to: path)
    #expect(try MRDFile(at: path).findings.isEmpty)
    _ = try Python.run(
      "import sys, h5py; f = h5py.File(sys.argv[1], 'a'); f.copy('dataset', 'again'); f.create_group('notes')",
      path)
    let file = try MRDFile(at: path)
    let finding = try #require(file.findings.first)
    #expect(finding.problem == "the file holds 2 scans: again, dataset")
    #expect(finding.remedy == "`group: again` reads another one")
    #expect(try ScanLayout(of: file).findings.first == finding)
    #expect(ScanReport(file).findings.filter { $0 == finding }.count == 1)
    #expect(try KSpace(file).assumptions.filter { $0.contains("again, dataset") }.count == 1)
    #expect(try MRDFile(at: path, group: "again").findings.isEmpty)
  }

  @Test
  func `a file that another program has locked is read`() throws {
    let scan = try SampleScan([(1, 2, 0)])
    let folder = try TemporaryDirectory()
    let path = folder.path("scan.h5")
    try scan.write(to: path)
    let writer = open(path, O_RDWR)
    defer { close(writer) }
    try #require(flock(writer, LOCK_EX | LOCK_NB) == 0)
    #expect(try MRDFile(at: path).hexadecimals() == scan.hexadecimals)
  }

  @Test(.enabled(if: Python.isAvailable, "\(Python.absence)"))
  func `a file that is being written is told from a damaged one`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("scan.h5")
    _ = try Python.run(
      """
      import sys, os, h5py
      f = h5py.File(sys.argv[1], 'w', libver='v110')
      f['dataset/xml'] = 'x'
      f.flush()
      os._exit(0)
      """, path)
    let error = try #require(throws: RawDataError.self) { try MRDFile(at: path) }
    #expect(error.kind == .unreadable && error.problem.contains("open for writing"), "\(error)")
  }
}
