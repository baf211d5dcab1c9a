import Files
import Foundation
import ImageFiles
import NDArrays
import Numerics
import TestSupport
import Testing

@Suite("BART's .cfl and .hdr")
struct CFLTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("What is written is read, bit for bit", arguments: [[5], [3, 4], [2, 1, 7, 5, 3], Array(1...6)])
  func roundTrip(shape: [Int]) throws {
    var array = testPattern(shape)
    array.withUnsafeMutableBufferPointer { $0[0] = Complex(.infinity, -0.0) }
    try CFLFile.write(array, to: directory.path("a"))
    for name in ["a", "a.cfl", "a.hdr"] {
      let copy = try CFLFile.read(directory.path(name))
      #expect(copy.shape == Array(repeating: 1, count: 16 - shape.count) + shape)
      #expect(copy.elements.elementsEqual(array.elements) { bits($0) == bits($1) })
    }
  }

  @Test("A scan's axes are BART's dimensions", .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func scan() throws {
    let scan = testPattern([3, 2, 5, 4, 7])
    try CFLFile.writeScan(scan, to: directory.path("scan"))
    #expect(try CFLFile.readScan(directory.path("scan")) == scan)
    try NumPyFile.write(scan, to: directory.path("scan.npy"))
    let output = try Python.run(
      """
      import sys, numpy as np
      dims = [int(n) for n in open(sys.argv[1] + '/scan.hdr').read().split('\\n')[1].split()]
      array = np.fromfile(sys.argv[1] + '/scan.cfl', '<c8').reshape(dims, order='F')
      ours = np.load(sys.argv[1] + '/scan.npy')
      assert dims == [7, 4, 5, 2, 1, 3] + [1] * 10, dims
      for echo in range(3):
        for channel in range(2):
          assert np.array_equal(array[:, :, :, channel, 0, echo, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], ours[echo, channel].T)
      print('equal')
      """, directory.url.path)
    #expect(output == "equal\n")
  }

  @Test(
    "Files that BART wrote",
    .enabled(if: SharedData.isPresent && Python.isAvailable, "\(SharedData.absence)"),
    arguments: ["ecalib_m1_k6_r24", "poisson_y2.0_z2.0_s11", "pics_full"])
  func realFiles(name: String) throws {
    let path = SharedData.path("reference/" + name)
    _ = try Python.run(
      """
      import sys, numpy as np
      dims = [int(n) for n in open(sys.argv[1] + '.hdr').read().split('\\n')[1].split()]
      dims += [1] * (16 - len(dims))
      array = np.fromfile(sys.argv[1] + '.cfl', '<c8').reshape(dims, order='F')
      # [echo, channel, z, y, x]
      np.save(sys.argv[2], np.ascontiguousarray(array.reshape(dims[:6], order='F')[:, :, :, :, 0].T))
      """, path, directory.path("expected.npy"))
    let expected: NDArray<Complex<Float>> = try NumPyFile.read(directory.path("expected.npy"))
    let scan = try CFLFile.readScan(path)
    #expect(scan.shape == expected.shape && scan.shape[2...] == [180, 230, 1])
    #expect(scan == expected)
    // Written by us, the elements are the same file.
    try CFLFile.writeScan(scan, to: directory.path("copy"))
    #expect(
      FileManager.default.contentsEqual(atPath: path + ".cfl", andPath: directory.path("copy.cfl")))
  }

  @Test("Files that do not fit each other")
  func mismatches() throws {
    #expect(throws: FileError.missing(path: directory.path("a.hdr"))) {
      try CFLFile.read(directory.path("a"))
    }
    func header(_ text: String) throws {
      try text.write(toFile: directory.path("a.hdr"), atomically: true, encoding: .utf8)
    }
    try header("# Dimensions\n3 2 1 \n")
    #expect(throws: FileError.missing(path: directory.path("a.cfl"))) {
      try CFLFile.read(directory.path("a"))
    }
    for count in [0, 47, 49] {
      try Data(count: count).write(to: URL(filePath: directory.path("a.cfl")))
      #expect {
        try CFLFile.read(directory.path("a"))
      } throws: { error in
        guard case .sizeMismatch(_, _, 48, count) = error as? FileError else { return false }
        return true
      }
    }
    try Data(count: 48).write(to: URL(filePath: directory.path("a.cfl")))
    #expect(try CFLFile.read(directory.path("a")).count == 6)
    let huge = Array(repeating: "4000000000", count: 5).joined(separator: " ")
    for text in [
      "", "# Dimensions", "# Dimensions\n\n", "# Dimensions\n3 two 1\n", "# Dimensions\n3 -2 1\n", huge,
    ] {
      try header(text)
      #expect(throws: FileError.self, "\(text)") { try CFLFile.read(directory.path("a")) }
    }
    try header("# Dimensions\n" + huge)
    #expect(throws: FileError.self) { try CFLFile.read(directory.path("a")) }
    // Two sets of maps are no scan.
    try header("# Dimensions\n3 1 1 1 2\n")
    #expect {
      try CFLFile.readScan(directory.path("a"))
    } throws: {
      "\($0)".contains("bart slice 4 0")
    }
  }

  @Test("A sparse array of terabytes is refused before it is read")
  func sparse() throws {
    try "# Dimensions\n1000000 1000000\n".write(
      toFile: directory.path("a.hdr"), atomically: true, encoding: .utf8)
    try Data().write(to: URL(filePath: directory.path("a.cfl")))
    // Not every file system holds such a file.
    guard truncate(directory.path("a.cfl"), 8_000_000_000_000) == 0 else { return }
    #expect {
      try CFLFile.read(directory.path("a"))
    } throws: {
      "\($0)".contains("needs 8000.0 GB of memory")
    }
  }

  private func bits(_ value: Complex<Float>) -> [UInt32] {
    [value.real.bitPattern, value.imaginary.bitPattern]
  }
}
