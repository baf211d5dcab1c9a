import Foundation
import Numerics
import RawData
import TestSupport
import Testing

/// The formats as other programs see them; all comparisons are bit for bit and include every header field.
@Suite(.enabled(if: Python.isAvailable, "\(Python.absence)"))
struct InteroperabilityTests {
  /// Prints every readout as hexadecimal numbers: header, trajectory, samples.
  private static let printing = """
    import sys, ismrmrd, ismrmrd.serialization as s
    def show(a): print(bytes(a.getHead()).hex() + a.traj.tobytes().hex() + a.data.tobytes().hex())

    """

  @Test
  func `Python's ismrmrd reads our HDF5 files`() throws {
    let scan = try SampleScan.varied()
    let folder = try TemporaryDirectory()
    let path = folder.path("scan.h5")
    try scan.write(to: path)
    let seen = try Python.run(
      Self.printing + """
        d = ismrmrd.Dataset(sys.argv[1], 'dataset', False)
        assert d.read_xml_header().decode() == sys.argv[2]
        for i in range(d.number_of_acquisitions()): show(d.read_acquisition(i))
        """, path, scan.header.xml)
    #expect(seen.split(separator: "\n").map(String.init) == scan.hexadecimals)
  }

  @Test
  func `Python's ismrmrd reads our streams`() throws {
    let scan = try SampleScan.varied()
    let folder = try TemporaryDirectory()
    let path = folder.path("scan.mrd")
    try scan.write(to: path)
    let seen = try Python.run(
      Self.printing + """
        header, *acquisitions = s.ProtocolDeserializer(sys.argv[1]).deserialize()
        assert list(header.sequenceParameters.TE) == [4.5]
        for a in acquisitions: show(a)
        """, path)
    #expect(seen.split(separator: "\n").map(String.init) == scan.hexadecimals)
  }

  @Test
  func `we read what Python's ismrmrd writes`() throws {
    let scan = try SampleScan.varied()
    let folder = try TemporaryDirectory()
    let original = folder.path("scan.mrd")
    try scan.write(to: original)
    // The stream has one message of each kind that is passed over.
    _ = try Python.run(
      """
      import sys, numpy as np, ismrmrd, ismrmrd.serialization as s
      header, *acquisitions = s.ProtocolDeserializer(sys.argv[1]).deserialize()
      file = ismrmrd.Dataset(sys.argv[2], 'scan_1', True)
      file.write_xml_header(header.toXML())
      for a in acquisitions: file.append_acquisition(a)
      file.close()
      wave = ismrmrd.Waveform.from_array(np.arange(10, dtype=np.uint32).reshape(2, 5))
      image = ismrmrd.Image.from_array(np.ones((3, 4, 5), dtype=np.complex64))
      image.attribute_string = '<ismrmrdMeta/>'
      with s.ProtocolSerializer(sys.argv[3]) as stream:
          for item in [s.ConfigFile('gre.xml'), s.ConfigText('<config/>'), header, 'hello', wave]: stream.serialize(item)
          for a in acquisitions: stream.serialize(a)
          for item in [image, wave, np.ones((2, 3), dtype=np.float32)]: stream.serialize(item)
      """, original, folder.path("python.h5"), folder.path("python.mrd"))
    for name in ["python.h5", "python.mrd"] {
      let file = try MRDFile(at: folder.path(name))
      #expect(file.header.echoTimes == [0.0045])
      #expect(file.header.encodings == scan.header.encodings)
      #expect(try file.hexadecimals() == scan.hexadecimals)
      if name == "python.mrd" { #expect(file.skipped == ["waveforms": 2, "images": 1, "arrays": 1]) }
    }
  }

  @Test(.enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: RealScan.paths)
  func `real scans are read as h5py reads them`(path: String) throws {
    let file = try MRDFile(at: SharedData.path(path))
    let digest = try Python.run(
      """
      import sys, h5py, zlib, ismrmrd.hdf5
      rows = h5py.File(sys.argv[1])['dataset/data'][:].reshape(-1)
      crc = 0
      for row in rows[::1 + len(rows) // 500]:
          crc = zlib.crc32(row['head'].astype(ismrmrd.hdf5.acquisition_header_dtype).tobytes(), crc)
          crc = zlib.crc32(row['data'].tobytes(), crc)
      print(len(rows), crc)
      """, SharedData.path(path))
    var checksum = CRC32()
    let chosen = Array(stride(from: 0, to: file.acquisitions.count, by: 1 + file.acquisitions.count / 500))
    let samples = try file.samples(of: chosen)
    for index in chosen {
      checksum.update(file.acquisitions[index].bytes)
      samples[index].withUnsafeBytes { checksum.update($0) }
    }
    #expect(digest == "\(file.acquisitions.count) \(checksum.value)\n")
    #expect(!file.header.encodings.isEmpty)
    #expect(file.header.imagingFrequency != nil)
  }

  private static let reconstruction = "/usr/bin/ismrmrd_recon_cartesian_2d"

  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: reconstruction),
      "Debian's package ismrmrd-tools is absent"))
  func `libismrmrd parses our header and reconstructs our file`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("square.h5")
    try SampleScan.square.write(to: path)
    _ = try ExternalProcess.run(Self.reconstruction, [path])
    // The unscaled transform of a constant is a single bright voxel; the program crops the readout to half.
    let voxels = try Python.run(
      """
      import sys, h5py, numpy as np
      image = np.squeeze(h5py.File(sys.argv[1])['dataset/cpp/data'][:])
      print(image.shape, [list(map(int, i)) for i in np.argwhere(image > image.max() / 1000)])
      """, path)
    #expect(voxels == "(8, 8) [[4, 4]]\n")
  }
}
