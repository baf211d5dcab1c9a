import Files
import Foundation
import KSpaceToolkit
import TestSupport
import Testing

struct ConvertTests {
  @Test("K-space goes to NumPy and BART and back without losing a bit", arguments: ["npy", "cfl"])
  func roundTrip(format: String) throws {
    let head = try SmallScan("head.h5", "--matrix", "20x24x8", "--voxel-size", "9x9x18mm")
    let there = try head.run("convert", "head.h5", "-o", "k.\(format)", "--no-prewhitening")
    #expect(there.status == 0, "\(there.errors)")
    #expect(there.output.contains("k-space, 1 x 3 x 4 x 8 x 24 x 20 (slice, echo, channel, kz, ky, kx)"))
    #expect(try head.run("convert", "k.\(format)", "-o", "back.h5").status == 0)
    let options = ReadingOptions(prewhitens: false)
    let first = try KSpace(MRDFile(at: head.folder.path("head.h5")), options: options)
    let second = try KSpace(MRDFile(at: head.folder.path("back.h5")), options: options)
    #expect(first.samples == second.samples)
    #expect(first.parameters.echoTimes == second.parameters.echoTimes)
    #expect(first.parameters.fieldStrength == second.parameters.fieldStrength)
    #expect(first.parameters.repetitionTime == second.parameters.repetitionTime)
    #expect(first.geometry.arrangement(on: second.geometry)?.isIdentity == true)
    // The other array is the same one.
    let other = format == "npy" ? "cfl" : "npy"
    #expect(try head.run("convert", "k.\(format)", "-o", "o.\(other)").status == 0)
    #expect(try head.run("convert", "o.\(other)", "-o", "again.\(format)").status == 0)
    #expect(
      try Data(contentsOf: URL(filePath: head.folder.path("k.\(format)")))
        == Data(contentsOf: URL(filePath: head.folder.path("again.\(format)"))))
  }

  @Test("Facts that no scan has are refused by name, wherever they are stated")
  func impossibleFacts() throws {
    let head = try SmallScan("head.h5", "--matrix", "20x24x8", "--voxel-size", "9x9x18mm")
    #expect(try head.run("convert", "head.h5", "-o", "k.npy").status == 0)
    let sidecar = head.folder.path("k.json"), text = try String(contentsOfFile: sidecar, encoding: .utf8)
    for (fact, pattern) in [
      ("imagingFrequency", /("imagingFrequency" : )[0-9.e+-]+/), ("dwellTime", /("dwellTime" : )[0-9.e+-]+/),
      ("repetitionTime", /("repetitionTime" : )[0-9.e+-]+/),
    ] {
      try AtomicFile.write(text.replacing(pattern) { "\($0.output.1)-1e19" }, to: sidecar)
      let refused = try head.run("convert", "k.npy", "-o", "back.h5")
      #expect(refused.status == 3 && refused.errors.contains(fact), "\(refused.errors)")
      #expect(refused.errors.contains("k.json"))
    }
    try AtomicFile.write(text, to: sidecar)
    for options in [
      ["--field-strength", "1e18T"], ["--voxel-size", "1e25x1x2mm"], ["--tr", "1e300ms"],
      ["--field-strength", "30000T"], ["--voxel-size", "0.0075x0.01x0.005mm"], ["--tr", "0.03ms"],
      ["--echo-times", "0.004ms,0.008ms,0.012ms"],
    ] {
      let refused = try head.run(["convert", "k.npy", "-o", "back.h5"] + options)
      #expect(refused.status == 2 && refused.errors.contains(options[0]), "\(options): \(refused.errors)")
    }
    #expect(try head.run("convert", "k.npy", "-o", "back.h5").status == 0)
  }

  @Test(
    "Undersampled positions, slices and oversampling survive",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func realScans() throws {
    let folder = try TemporaryDirectory()
    for name in ["aspire7T_32ch_2echo_2slice", "siemens/gre", "grappa2_1rep"] {
      let path = SharedData.path("mrd/\(name).h5"), options = ReadingOptions(prewhitens: false)
      let array = folder.path("k.cfl"), back = folder.path("back.h5")
      #expect(
        try Command.run(["convert", path, "-o", array, "--no-prewhitening", "--force"]).status == 0, "\(name)"
      )
      #expect(try Command.run(["convert", array, "-o", back, "--force"]).status == 0, "\(name)")
      let first = try SliceStack(MRDFile(at: path), options: options)
      let second = try SliceStack(MRDFile(at: back), options: options)
      #expect(first.slices.count == second.slices.count)
      for (slice, b) in zip(first.slices, second.slices) {
        let a = CompactKSpace(KSpace(slice).withEmbeddedCalibration)
        #expect(a.samples == b.samples && a.masks == b.masks)
        #expect(a.prescribedMatrix == b.prescribedMatrix)
      }
      #expect(first.geometry.arrangement(on: second.geometry)?.isIdentity == true)
    }
  }

  @Test("NumPy and BART agree about what was written", .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func peers() throws {
    let head = try SmallScan("head.h5", "--matrix", "20x24x8", "--voxel-size", "9x9x18mm")
    for format in ["npy", "cfl"] {
      #expect(try head.run("convert", "head.h5", "-o", "k.\(format)", "--force").status == 0)
      #expect(try head.run("convert", "head.h5", "-o", "i.\(format)", "--images", "--force").status == 0)
    }
    // The inverse of the centred unitary transform; BART's file read as its documentation says.
    let error = try Python.run(
      """
      import sys, json, numpy as np
      folder = sys.argv[1]
      k, i = np.load(folder + '/k.npy'), np.load(folder + '/i.npy')
      assert k.dtype == np.complex64 and k.shape == (3, 4, 8, 24, 20), k.shape
      axes = (-3, -2, -1)
      image = np.fft.fftshift(np.fft.ifftn(np.fft.ifftshift(k, axes), axes=axes, norm='ortho'), axes)
      def cfl(name):
          d = [int(n) for n in open(folder + f'/{name}.hdr').read().split('\\n')[1].split()]
          return np.fromfile(folder + f'/{name}.cfl', np.complex64).reshape(d, order='F')
      b = cfl('k')
      assert b.shape[:6] == (20, 24, 8, 4, 1, 3), b.shape
      assert np.array_equal(np.squeeze(b).transpose(4, 3, 2, 1, 0), k)
      assert np.array_equal(np.squeeze(cfl('i')).transpose(4, 3, 2, 1, 0), i)
      side = json.load(open(folder + '/k.json'))
      assert side['axes'] == ['echo', 'channel', 'kz', 'ky', 'kx'] and side['scan']['isWhitened'], side
      np.save(folder + '/double.npy', np.asfortranarray(k.astype('>c16')))
      np.save(folder + '/bare.npy', k[0])
      print(np.linalg.norm(image - i) / np.linalg.norm(i))
      """, head.folder.url.path)
    #expect(try #require(Double(error.trimmingCharacters(in: .whitespacesAndNewlines))) < 1e-5)
    // Other precision, byte order and order of axes in memory; and an array of which nobody says anything.
    #expect(try head.run("convert", "double.npy", "-o", "c.npy").status == 0)
    #expect(
      try NumPyArray.read(head.folder.path("c.npy")).elements
        == NumPyArray.read(head.folder.path("k.npy")).elements)
    let bare = try head.run("convert", "bare.npy", "-o", "bare.h5")
    #expect(bare.status == 3 && bare.errors.contains("--voxel-size 1x1x2mm"))
    #expect(
      try head.run(
        "convert", "bare.npy", "-o", "bare.h5", "--voxel-size", "9x9x18mm", "--echo-times", "4ms",
        "--field-strength", "3T"
      ).status == 0)
    let scan = try KSpace(MRDFile(at: head.folder.path("bare.h5")))
    #expect(scan.parameters.echoTimes == [0.004] && scan.geometry.voxelSize == [0.009, 0.009, 0.018])
  }

  @Test("Images become k-space")
  func images() throws {
    let head = try SmallScan("head.h5", "--matrix", "20x24x8", "--voxel-size", "9x9x18mm")
    #expect(try head.run("convert", "head.h5", "-o", "i.npy", "--images", "--no-prewhitening").status == 0)
    #expect(try head.run("convert", "i.npy", "-o", "back.mrd").status == 0)
    let options = ReadingOptions(prewhitens: false)
    let first = try KSpace(MRDFile(at: head.folder.path("head.h5")), options: options)
    let second = try KSpace(MRDFile(at: head.folder.path("back.mrd")), options: options)
    #expect(relativeError(second.samples, first.samples) < 1e-5)
  }

  @Test("Names that say nothing, and arrays that are none, are refused")
  func refusals() throws {
    let head = try SmallScan("head.h5", "--matrix", "20x24x8", "--voxel-size", "9x9x18mm")
    #expect(try head.run("convert", "head.h5", "-o", "other.h5").status == 2)
    #expect(try head.run("convert", "head.h5", "-o", "k.txt").status == 2)
    try Data("no array".utf8).write(to: URL(filePath: head.folder.path("bad.npy")))
    let bad = try head.run("convert", "bad.npy", "-o", "b.h5")
    #expect(bad.status == 3 && bad.errors.contains("not a .npy file"))
    #expect(try head.run("convert", "absent.cfl", "-o", "b.h5").status == 3)
    try NumPyArray.write(
      NDArray(repeating: .zero, shape: [2, 3, 4]), to: head.folder.path("zero.npy"))
    let zero = try head.run("convert", "zero.npy", "-o", "z.h5", "--voxel-size", "1x1x1mm")
    #expect(zero.status == 3 && zero.errors.contains("all elements are zero"))
    #expect(try !head.names.contains("z.h5"))
  }
}

/// What lies beside an array, and in it.
struct ConvertDoubtTests {
  @Test func `A file that is no sidecar is never replaced, whatever is forced`() throws {
    let head = try SmallScan("head.h5", "--matrix", "20x24x8", "--voxel-size", "9x9x18mm")
    try Data("{\"mine\": 1}".utf8).write(to: URL(filePath: head.folder.path("k.json")))
    for force in [[], ["--force"]] {
      let result = try head.run(["convert", "head.h5", "-o", "k.npy"] + force)
      #expect(result.status == 3 && result.errors.contains("k.json"), "\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: head.folder.path("k.npy")))
    }
    try FileManager.default.removeItem(atPath: head.folder.path("k.json"))
    #expect(try head.run("convert", "head.h5", "-o", "k.npy").status == 0)
    #expect(try head.run("convert", "head.h5", "-o", "k.npy", "--force").status == 0)
  }

  @Test(
    arguments: [
      (
        "[\"echo\", \"channel\", \"kz\", \"ky\", \"kx\"]", "[\"kx\", \"ky\", \"kz\", \"channel\", \"echo\"]",
        "axes"
      ),
      ("\"axes\"", "\"axes\": 3, \"old\"", "other kinds"), ("{", "{{", "no JSON"),
    ])
  func `A sidecar that contradicts its array, or is broken, is refused`(
    old: String, new: String, word: String
  ) throws {
    let head = try SmallScan("head.h5", "--matrix", "20x24x8", "--voxel-size", "9x9x18mm")
    #expect(try head.run("convert", "head.h5", "-o", "k.npy").status == 0)
    let url = URL(filePath: head.folder.path("k.json"))
    let text = try String(contentsOf: url, encoding: .utf8)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let compact = String(
      decoding: try JSONSerialization.data(
        withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes]),
      as: UTF8.self
    ).replacing("\",\"", with: "\", \"")
    let range = try #require(compact.range(of: old))
    try Data(compact.replacingCharacters(in: range, with: new).utf8).write(to: url)
    let result = try head.run("convert", "k.npy", "-o", "back.h5")
    #expect(result.status == 3 && result.errors.contains(word), "\(result.errors)")
  }

  @Test func `Samples that are no numbers are refused`() throws {
    let folder = try TemporaryDirectory()
    var samples = NDArray<Complex<Float>>(repeating: .one, shape: [2, 4, 6, 8])
    samples[0, 1, 2, 3] = Complex(.nan, 0)
    try NumPyArray.write(samples, to: folder.path("k.npy"))
    let result = try Command.run(["convert", "k.npy", "-o", "k.h5", "--voxel-size", "1x1x1mm"], in: folder)
    #expect(result.status == 3 && result.errors.contains("1 of 384 samples"), "\(result.errors)")
  }

  @Test func `Negative extents are refused, two of them as well, and those that cannot be`() throws {
    let folder = try TemporaryDirectory()
    let shapes = [
      ("(-1, 4, 6)", "negative"), ("(-2, -2, 6)", "negative"), ("(0, 2, 9223372036854775807)", "impossible"),
    ]
    for (shape, fault) in shapes {
      let header = "{'descr': '<c8', 'fortran_order': False, 'shape': \(shape), }\n"
      var data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0])
      data.append(contentsOf: header.utf8)
      data.append(Data(count: 4 * 6 * 8))
      try data.write(to: URL(filePath: folder.path("k.npy")))
      let result = try Command.run(["convert", "k.npy", "-o", "k.h5", "--voxel-size", "1x1x1mm"], in: folder)
      #expect(result.status == 3 && result.errors.contains("\(fault) extents"), "\(result.errors)")
    }
  }
}
