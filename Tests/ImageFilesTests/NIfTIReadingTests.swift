import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@Suite("NIfTI files of other tools", .enabled(if: Python.isAvailable, "\(Python.absence)"))
struct NIfTIReadingTests {
  /// Writes one file of every type and byte order with nibabel, with a header extension before the data.
  private static func writeFiles(of types: [String], slope: Double, intercept: Double) throws
    -> TemporaryDirectory
  {
    let directory = try TemporaryDirectory()
    _ = try Python.run(
      """
      import sys, itertools, numpy as np, nibabel as nib
      folder, types, slope, intercept = sys.argv[1:]
      for name, order in itertools.product(types.split(','), '<>'):
        values = np.arange(2 * 5 * 6 * 7).reshape(2, 5, 6, 7).T - (0 if name.startswith('u') else 50)
        if name.startswith('u') or name == 'int8': values = values % 101
        if name.startswith('complex'): values = values - 0.25j * values
        if name.startswith('float'): values = values * 0.37
        values = values.astype(name)
        image = nib.Nifti1Image(values, np.diag([1, 2, 3, 1]), nib.Nifti1Header(endianness=order), dtype=name)
        image.header.set_xyzt_units('mm', 'msec')
        image.header.set_zooms((1, 2, 3, 3.1))
        image.header.extensions.append(nib.nifti1.Nifti1Extension('comment', b'between the header and the data'))
        path = f'{folder}/{name}{"little" if order == "<" else "big"}.nii'
        image.to_filename(path)
        # nibabel divides by the scale when it writes; the factor is put there afterwards.
        with open(path, 'r+b') as file:
          file.seek(112)
          file.write(np.array([float(slope), float(intercept)], order + 'f4').tobytes())
        assert np.allclose(nib.load(path).dataobj.get_unscaled(), values)
      """, directory.url.path, types.joined(separator: ","), "\(slope)", "\(intercept)")
    return directory
  }

  private func expected(_ type: String) -> [Double] {
    (0..<420).map { index in
      let value = index - (type.hasPrefix("u") ? 0 : 50)
      if type.hasPrefix("u") || type == "int8" { return Double((value % 101 + 101) % 101) }
      return type.hasPrefix("float") ? Double(value) * 0.37 : Double(value)
    }
  }

  @Test("Every type of numbers, in both byte orders")
  func types() throws {
    let types = [
      "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64",
    ]
    let directory = try Self.writeFiles(of: types, slope: 2.5, intercept: -3)
    for type in types {
      for order in ["little", "big"] {
        let file = try NIfTIFile(at: directory.path("\(type)\(order).nii"))
        #expect(file.volumeCount == 2)
        #expect(abs(file.volumeSpacing - 0.0031) < 1e-9)
        let stored = try file.volumes(scaling: .ignored)
        #expect(stored.voxels.shape == [2, 5, 6, 7])
        #expect(stored.voxels.elements == expected(type).map { Float($0) }, "\(type), \(order)")
        let scaled = try file.volumes(scaling: .applied)
        #expect(scaled.voxels.elements == stored.voxels.elements.map { Float(Double($0) * 2.5 - 3) })
        #expect(throws: FileError.self) { try file.complexVolumes(scaling: .ignored) }
      }
    }
  }

  @Test("Complex numbers, in both byte orders")
  func complex() throws {
    let types = ["complex64", "complex128"]
    let directory = try Self.writeFiles(of: types, slope: 2, intercept: 1)
    for type in types {
      let values = expected(type).map { Complex(Float($0), Float(-0.25 * $0)) }
      for order in ["little", "big"] {
        let file = try NIfTIFile(at: directory.path("\(type)\(order).nii"))
        #expect(try file.complexVolumes(scaling: .ignored).voxels.elements == values)
        #expect(
          try file.complexVolumes(scaling: .applied).voxels.elements
            == values.map { Complex(2 * $0.real + 1, 2 * $0.imaginary) })
        #expect(throws: FileError.self) { try file.volumes(scaling: .ignored) }
      }
    }
  }

  @Test("Orientation from the qform alone, in metres, and from nothing")
  func orientations() throws {
    let directory = try TemporaryDirectory()
    // RAS millimetres by hand: a turn about z by 30 degrees, left-handed.
    _ = try Python.run(
      """
      import sys, numpy as np, nibabel as nib
      c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
      affine = np.array([[c, -2 * s, 0, 10], [s, 2 * c, 0, -20], [0, 0, -3, 30], [0, 0, 0, 1]])
      for name, scale, unit in (('mm', 1, 'mm'), ('metres', 1e-3, 'meter'), ('microns', 1e3, 'micron')):
        img = nib.Nifti1Image(np.zeros((4, 5, 7), np.float32), None)
        img.set_qform(np.diag([scale] * 3 + [1]) @ affine, code=2)
        img.set_sform(None, code=0)
        img.header.set_xyzt_units(unit, 'sec')
        img.to_filename(f'{sys.argv[1]}/{name}.nii')
      # nibabel always writes an sform; take its code away.
      nib.Nifti1Image(np.zeros((4, 5, 7), np.float32), np.diag([1, 2, 3, 1])).to_filename(f'{sys.argv[1]}/none.nii')
      with open(f'{sys.argv[1]}/none.nii', 'r+b') as file:
        file.seek(252)
        file.write(bytes(4))
      """, directory.url.path)
    let root = 0.75.squareRoot()
    // Voxel (2, 2, 3) in RAS, then both signs turned.
    let center: SIMD3<Double> = [
      -(10 + 2 * root - 2 * 1.0) / 1000, -(-20 + 2 * 0.5 + 2 * 2 * root) / 1000, (30 - 9) / 1000,
    ]
    let expected = Geometry(
      matrix: Extents(x: 4, y: 5, z: 7), voxelSize: [0.001, 0.002, 0.003], center: center,
      readDirection: [-root, -0.5, 0], phaseDirection: [0.5, -root, 0], sliceDirection: [0, 0, -1])
    for name in ["mm", "metres", "microns"] {
      let geometry = try NIfTIFile(at: directory.path("\(name).nii")).geometry
      // The quaternion's first component is what its rounded others leave.
      #expect(isClose(geometry, expected, directions: 1e-6), "\(name): \(geometry)")
    }
    let plain = try NIfTIFile(at: directory.path("none.nii")).geometry
    #expect(plain.voxelSize == [0.001, 0.002, 0.003])
    #expect(plain.fieldDirection == [0, 0, 1])
  }

  @Test(
    "Real files", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: [
      "phase/Phase.nii", "phase/Mag.nii", "qsm2016/chi_cosmos.nii.gz", "anatomy/CIT168_subcortex.nii.gz",
    ])
  func realFiles(name: String) throws {
    let directory = try TemporaryDirectory()
    _ = try Python.run(
      """
      import sys, numpy as np, nibabel as nib
      img = nib.load(sys.argv[1])
      np.save(sys.argv[2] + '/stored.npy', np.ascontiguousarray(np.float32(img.dataobj.get_unscaled()).T))
      np.save(sys.argv[2] + '/scaled.npy', np.ascontiguousarray(np.float32(img.get_fdata()).T))
      np.save(sys.argv[2] + '/affine.npy', img.affine)
      """, SharedData.path(name), directory.url.path)
    let file = try NIfTIFile(at: SharedData.path(name))
    for (scaling, reference) in [(NIfTIFile.Scaling.ignored, "stored.npy"), (.applied, "scaled.npy")] {
      let expected: NDArray<Float> = try NumPyFile.read(directory.path(reference))
      let values = try file.volumes(scaling: scaling).voxels
      #expect(values.elements.map(\.bitPattern) == expected.elements.map(\.bitPattern), "\(scaling)")
    }
    let affine: NDArray<Double> = try NumPyFile.read(directory.path("affine.npy"))
    let rows = file.geometry.affineRAS.rows.flatMap(\.self)
    #expect(zip(rows, affine.elements).allSatisfy { abs($0 - $1) < 1e-9 })
  }
}
