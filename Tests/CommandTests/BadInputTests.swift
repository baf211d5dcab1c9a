import Foundation
import TestSupport
import Testing

/// Bad files end with status 3 and one message that names the file and a remedy; nothing is left behind.
struct BadInputTests {
  /// How a good scan is spoilt.
  enum Damage: String, CaseIterable {
    case missing, empty, text, picture, truncated, cutStream, notMRDXML, folder
  }

  @Test("Damaged files are refused", arguments: Damage.allCases)
  func damaged(_ damage: Damage) throws {
    let scan = try SmallScan(damage == .cutStream || damage == .notMRDXML ? "head.mrd" : "head.h5")
    let good = damage == .cutStream || damage == .notMRDXML ? "head.mrd" : "head.h5"
    let url = scan.folder.url.appending(path: "bad.h5")
    var bytes = try Data(contentsOf: scan.folder.url.appending(path: good))
    switch damage {
    case .missing: break
    case .empty: try Data().write(to: url)
    case .text: try Data("line 1\nline 2\n".utf8).write(to: url)
    case .picture:
      try Data([0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + Array(repeating: 7, count: 500)).write(to: url)
    case .truncated: try bytes.prefix(bytes.count * 2 / 3).write(to: url)
    case .cutStream: try bytes.prefix(bytes.count / 2).write(to: url)
    case .notMRDXML:
      let tag = Data("ismrmrdHeader".utf8)
      while let range = bytes.range(of: tag) {
        bytes.replaceSubrange(range, with: Data("somethingElse".utf8))
      }
      try bytes.write(to: url)
    case .folder: try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }
    let before = try scan.names
    for arguments in [["info", "bad.h5"], ["reconstruct", "bad.h5", "-o", "out"]] {
      let result = try Command.run(arguments, in: scan.folder)
      #expect(result.status == 3, "\(arguments): \(result.errors)")
      #expect(result.output.isEmpty)
      let lines = result.errors.split(separator: "\n")
      #expect(
        lines.count == 1 && lines.allSatisfy { $0.contains("bad.h5") && $0.hasSuffix(".") },
        "\(result.errors)")
      #expect(try scan.names == before)
    }
  }

  @Test("A stream that ends early on standard input is refused")
  func cutStandardInput() throws {
    let scan = try SmallScan("head.mrd")
    let bytes = try Data(contentsOf: scan.folder.url.appending(path: "head.mrd"))
    let result = try scan.run("reconstruct", "-", "-o", "out", input: bytes.prefix(bytes.count / 3))
    #expect(result.status == 3)
    #expect(result.errors.contains("standard input") || result.errors.contains("-:"), "\(result.errors)")
    #expect(try scan.names == ["head.mrd", "head_truth"])
  }

  @Test(
    "Spoilt content is refused", .enabled(if: Python.isAvailable, "\(Python.absence)"),
    arguments: ["nan", "no-lines", "no-image-lines", "line-beyond-matrix", "channels-change", "no-xml"])
  func spoilt(_ fault: String) throws {
    let scan = try SmallScan()
    _ = try Python.run(
      """
      import sys, h5py, numpy as np
      path, fault = sys.argv[1:]
      with h5py.File(path, 'r+') as f:
        d = f['dataset/data']
        if fault == 'nan':
          row = d[300]; row['data'][5] = np.nan; d[300] = row
        elif fault == 'no-lines':
          kind = d.dtype; del f['dataset/data']; f['dataset'].create_dataset('data', (0,), kind, maxshape=(None,), chunks=(1,))
        elif fault == 'no-xml':
          del f['dataset/xml']
        else:
          rows = d[:]
          if fault == 'no-image-lines': rows['head']['flags'] |= np.uint64(1 << 18)
          if fault == 'line-beyond-matrix': rows['head']['idx']['kspace_encode_step_1'][400] = 58
          if fault == 'channels-change':
            rows['head']['active_channels'][400] = 2
            rows['data'][400] = rows['data'][400][:2 * 2 * 48]
          d[:] = rows
      """, scan.folder.path("head.h5"), fault)
    let result = try scan.run("reconstruct", "head.h5", "-o", "out")
    #expect(result.status == 3, "\(result.errors)")
    let message = result.errors.split(separator: "\n").last ?? ""
    #expect(message.hasPrefix("kspace: head.h5: ") && message.hasSuffix("."), "\(result.errors)")
    #expect(try scan.names == ["head.h5", "head_truth"])
  }
}
