import Foundation
import ImageFiles
import MRIData
import TestSupport
import Testing

@Suite("Orientation: LPS metres and RAS millimetres")
struct AffineTests {
  @Test(
    "A geometry survives the way through its affine", arguments: Scans.signedPermutations + Scans.obliques)
  func roundTrip(geometry: Geometry) throws {
    let copy = try #require(Geometry(affineRAS: geometry.affineRAS, matrix: geometry.matrix))
    // A few roundings of numbers of the order of 0.1 m.
    let tolerance = 16 * Double.ulpOfOne
    for (value, expected) in [
      (copy.voxelSize, geometry.voxelSize), (copy.center, geometry.center),
      (copy.readDirection, geometry.readDirection), (copy.phaseDirection, geometry.phaseDirection),
      (copy.sliceDirection, geometry.sliceDirection),
    ] {
      #expect(
        (0..<3).allSatisfy { abs(value[$0] - expected[$0]) <= tolerance }, "\(value) is not \(expected)")
    }
  }

  @Test("An affine without an inverse is no geometry")
  func degenerate() {
    var affine = Scans.obliques[0].affineRAS
    affine.y = .zero
    #expect(Geometry(affineRAS: affine, matrix: Scans.matrix) == nil)
    affine.y = [.nan, 0, 1]
    #expect(Geometry(affineRAS: affine, matrix: Scans.matrix) == nil)
  }

  /// nibabel reads the files; positions and the field's direction are computed from the definition of LPS.
  @Test("Files lie where the scan lay", .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func worldPositions() throws {
    let directory = try TemporaryDirectory()
    let definitions = try (Scans.signedPermutations + Scans.obliques).enumerated().map { index, geometry in
      let path = directory.path("scan\(index).nii")
      try NIfTIFile.write(Scans.counting(geometry, volumes: index % 2 + 1), to: path, volumeSpacing: 0.0031)
      return Scans.Definition(geometry, path: path)
    }
    try JSONEncoder().encode(definitions).write(to: directory.url.appending(path: "scans.json"))
    let output = try Python.run(
      """
      import json, sys
      import numpy as np, nibabel as nib
      scans = json.load(open(sys.argv[1]))
      for s in scans:
        img = nib.load(s['path'])
        hdr = img.header
        axes = np.array([s['read'], s['phase'], s['slice']])
        n, d = np.array(s['matrix']), np.array(s['voxelSize'])
        for voxel in [n // 2, np.zeros(3), n - 1, np.array([n[0] - 1, 0, 2]), np.array([1, n[1] - 1, n[2] - 1])]:
          lps = np.array(s['center']) + ((voxel - n // 2) * d) @ axes
          ras = 1000 * lps * [-1, -1, 1]
          assert np.allclose(nib.affines.apply_affine(img.affine, voxel), ras, atol=1e-4), (s, voxel)
        sform, scode = img.get_sform(coded=True)
        qform, qcode = img.get_qform(coded=True)
        assert scode == 1 and qcode == 1
        assert np.allclose(sform, qform, atol=1e-4), (s, sform - qform)
        assert hdr['pixdim'][0] == np.sign(np.linalg.det(sform))
        assert hdr.get_xyzt_units() == ('mm', 'sec')
        assert np.allclose(hdr.get_zooms()[:3], d * 1000, rtol=1e-6)
        if len(img.shape) == 4: assert np.isclose(hdr.get_zooms()[3], 0.0031)
        letters, expected = [], []
        for axis in axes:
          k = np.argmax(np.abs(axis))
          letters.append(('LR', 'PA', 'SI')[k][0 if axis[k] > 0 else 1])
          expected.append([k, np.sign(axis[k] * (-1, -1, 1)[k])])
        assert nib.aff2axcodes(img.affine) == tuple(letters), (letters, nib.aff2axcodes(img.affine))
        assert np.array_equal(nib.io_orientation(img.affine), expected), s
        # The field runs along +z; R is the affine without voxel sizes, in RAS, where z is the same as in LPS.
        rotation = img.affine[:3, :3] / np.linalg.norm(img.affine[:3, :3], axis=0)
        assert np.allclose(rotation.T @ [0, 0, 1], s['fieldDirection'], atol=1e-6), s
      print(len(scans))
      """, directory.path("scans.json"))
    #expect(output == "54\n")
  }

  @Test("Geometry is read back from the file", arguments: Scans.signedPermutations + Scans.obliques)
  func readBack(geometry: Geometry) throws {
    let directory = try TemporaryDirectory()
    try NIfTIFile.write(Scans.counting(geometry), to: directory.path("scan.nii"))
    let copy = try NIfTIFile(at: directory.path("scan.nii")).geometry
    #expect(copy.matrix == geometry.matrix)
    #expect(isClose(copy, geometry))
  }
}

/// Whether two geometries agree to the single precision that files hold: 200 mm to 2^-24, directions likewise.
func isClose(_ a: Geometry, _ b: Geometry, directions tolerance: Double = 4e-7) -> Bool {
  func distance(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> Double { ((u - v) * (u - v)).sum().squareRoot() }
  return distance(a.center, b.center) < 1e-7 && distance(a.voxelSize, b.voxelSize) < 1e-9
    && distance(a.readDirection, b.readDirection) < tolerance
    && distance(a.phaseDirection, b.phaseDirection) < tolerance
    && distance(a.sliceDirection, b.sliceDirection) < tolerance
}
