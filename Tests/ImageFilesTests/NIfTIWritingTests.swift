import Foundation
import ImageFiles
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@Suite("NIfTI files as nibabel sees them", .enabled(if: Python.isAvailable, "\(Python.absence)"))
struct NIfTIWritingTests {
  /// Loads a file and an array; compares bits, so that NaN and -0 count.
  private static let compare = """
    import sys, numpy as np, nibabel as nib
    img = nib.load(sys.argv[1])
    stored, expected = np.asanyarray(img.dataobj), np.load(sys.argv[2])
    assert stored.dtype == np.dtype(sys.argv[3]), stored.dtype
    expected = expected.T.astype(stored.dtype)
    if expected.ndim == 4 and expected.shape[3] == 1: expected = expected[..., 0]
    assert stored.shape == expected.shape, (stored.shape, expected.shape)
    assert np.ascontiguousarray(stored).tobytes() == np.ascontiguousarray(expected).tobytes()
    assert img.header['descrip'].tobytes().rstrip(b'\\0') == b'KSpaceToolkit'
    print(img.header['cal_min'], img.header['cal_max'])
    """

  private func check<Element: NIfTIElement, Written: NumPyFile.Element>(
    _ voxels: NDArray<Element>, as numPy: NDArray<Written>, type: String, name: String,
    displayRange: ClosedRange<Double>? = nil
  ) throws -> String {
    let directory = try TemporaryDirectory()
    let volumes = ImageVolumes(
      voxels, geometry: Geometry(matrix: Scans.matrix, voxelSize: [0.001, 0.001, 0.002]))
    try NIfTIFile.write(volumes, to: directory.path(name), displayRange: displayRange)
    try NumPyFile.write(numPy, to: directory.path("expected.npy"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path).count == 2)
    return try Python.run(Self.compare, directory.path(name), directory.path("expected.npy"), type)
  }

  @Test("Values keep every bit", arguments: ["image.nii", "image.nii.gz"], [1, 3])
  func values(name: String, volumes: Int) throws {
    let shape = [volumes] + Scans.matrix.shape
    let complex = testPattern(shape, seed: 3)
    var real = complex.map(\.real)
    real[0, 0, 0, 0] = .nan
    real[0, 1, 2, 3] = -.infinity
    real[0, 4, 5, 6] = -0.0
    _ = try check(complex, as: complex, type: "<c8", name: name)
    #expect(try check(real, as: real, type: "<f4", name: name, displayRange: -1...2.5) == "-1.0 2.5\n")
    let integers = complex.map { Int32($0.real * 30_000) }
    _ = try check(integers, as: integers, type: "<i4", name: name)
    _ = try check(integers.map { Int16($0) }, as: integers, type: "<i2", name: name)
    let bytes = complex.map { Int32(($0.imaginary + 1) * 127) }
    _ = try check(bytes.map { UInt8($0) }, as: bytes, type: "|u1", name: name)
    let mask = complex.map { $0.real > 0 }
    _ = try check(mask, as: mask, type: "|u1", name: name)
  }

  /// Blocks that do not pack at all, blocks that pack well, and a last block of a few bytes.
  @Test("Packed files are one gzip member, whatever the number of threads")
  func gzip() throws {
    let directory = try TemporaryDirectory()
    let matrix = Extents(x: 131, y: 127, z: 67)
    var noise = SeededGenerator(seed: 5)
    let voxels = NDArray<Float>(uninitializedShape: matrix.shape) { target in
      for index in target.indices {
        target[index] =
          index < 600_000 ? Float(bitPattern: UInt32(truncatingIfNeeded: noise.next())) : Float(index % 17)
      }
    }
    let volume = ImageVolumes(voxels, geometry: Geometry(matrix: matrix, voxelSize: [0.001, 0.001, 0.001]))
    try NIfTIFile.write(volume, to: directory.path("plain.nii"))
    for count in [1, 2, 3] {
      try Parallelism.withThreads(count) {
        try NIfTIFile.write(volume, to: directory.path("packed\(count).nii.gz"))
      }
    }
    let output = try Python.run(
      """
      import sys, zlib
      plain = open(sys.argv[1] + '/plain.nii', 'rb').read()
      packed = [open(sys.argv[1] + f'/packed{n}.nii.gz', 'rb').read() for n in (1, 2, 3)]
      assert packed[0] == packed[1] == packed[2]
      inflater = zlib.decompressobj(31)
      unpacked = inflater.decompress(packed[0])
      assert inflater.eof and not inflater.unused_data and unpacked == plain
      print(len(packed[0]) < 0.65 * len(plain))
      """, directory.url.path)
    #expect(output == "True\n")
    let copy = try NIfTIFile(at: directory.path("packed1.nii.gz")).volumes(scaling: .applied)
    #expect(copy.voxels.elements.map(\.bitPattern) == voxels.elements.map(\.bitPattern))
  }
}
