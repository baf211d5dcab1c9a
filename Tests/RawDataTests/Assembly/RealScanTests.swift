import FourierTransforms
import MRIData
import NDArrays
import Numerics
import RawData
import TestSupport
import Testing

@Suite(
  .enabled(if: SharedData.isPresent && Python.isAvailable, "needs the real scans and the Python reference"))
struct RealScanTests {
  /// Sorts by counters, turns reversed lines, whitens where the noise's bandwidth is known, and transforms with h5py and NumPy in double precision.
  static let reference = """
    import sys, h5py, numpy as np
    path, x, y, z, cut, turns, output = sys.argv[1], *map(int, sys.argv[2:7]), sys.argv[7]
    data = h5py.File(path, 'r')['dataset/data'][:]
    head, idx = data['head'], data['head']['idx']
    bit = lambda n: (head['flags'].astype(np.uint64) >> np.uint64(n - 1)) & np.uint64(1) > 0
    skip = bit(19) | bit(20) | bit(23) | bit(24) | bit(27) | bit(28)
    line, echo = idx['kspace_encode_step_1'].astype(int), idx['contrast'].astype(int)
    if turns > 1: line, echo = line // turns, line % turns
    position = head['position'] @ head['slice_dir'][~skip][0]
    heights = np.unique(position[~skip]); many = len(heights) > 1
    channels = int(head['active_channels'][~skip][0])
    k = np.zeros((max(echo) + 1, channels, len(heights), z, y, x), np.complex128)
    rows = lambda i: data['data'][i].view(np.complex64).reshape(channels, -1).astype(np.complex128)
    for i in np.flatnonzero(~skip):
        d, c = rows(i), int(head['center_sample'][i])
        if bit(22)[i]: d, c = d[:, ::-1], d.shape[1] - 1 - c
        grid = np.zeros((channels, x), np.complex128)
        for s in range(d.shape[1]):
            if 0 <= s + x // 2 - c < x: grid[:, s + x // 2 - c] = d[:, s]
        k[echo[i], :, np.searchsorted(heights, position[i]), idx['kspace_encode_step_2'][i], line[i]] = grid
    if bit(19).any() and (head['sample_time_us'][bit(19)] > 0).all():
        n = np.concatenate([rows(i) for i in np.flatnonzero(bit(19))], 1)
        w = np.linalg.inv(np.linalg.cholesky(n @ n.conj().T / n.shape[1] / 2))
        k = np.einsum('ab,ebszyx->easzyx', w, k)
    axes = (3, 4, 5)
    image = np.fft.fftshift(np.fft.ifftn(np.fft.ifftshift(k, axes), axes=axes, norm='ortho'), axes)
    image = image[..., x // 2 - cut // 2:x // 2 - cut // 2 + cut]
    image = image.reshape(image.shape[:2] + (-1,) + image.shape[4:])
    np.save(output, image.astype(np.complex64))
    """

  struct Case: CustomTestStringConvertible {
    let file: String
    let matrix: Extents
    var cut: Int?
    var echoes = 1
    var options = ReadingOptions()
    var testDescription: String { file }
  }

  static let cases = [
    Case(file: "brain8ch_full.h5", matrix: Extents(x: 230, y: 180, z: 1)),
    Case(file: "brain8ch_plane_full.h5", matrix: Extents(x: 1, y: 230, z: 180)),
    Case(file: "brain8ch_R3_acs24.h5", matrix: Extents(x: 230, y: 180, z: 1)),
    Case(file: "ge_phantom8ch_7slices.h5", matrix: Extents(x: 128, y: 128, z: 1)),
    Case(file: "aspire7T_32ch_2echo_2slice.h5", matrix: Extents(x: 80, y: 80, z: 1)),
    Case(file: "11_02_GRE_3echoes_sorted.h5", matrix: Extents(x: 256, y: 256, z: 1)),
    Case(file: "11_03_GRE_3echoes_bipolar_sorted.h5", matrix: Extents(x: 256, y: 256, z: 1)),
    Case(file: "semi3d_6ch_3echo.h5", matrix: Extents(x: 64, y: 76, z: 48)),
    Case(file: "grappa2_1rep.h5", matrix: Extents(x: 256, y: 256, z: 1)),
    Case(file: "siemens/gre.h5", matrix: Extents(x: 320, y: 160, z: 1), cut: 160),
    Case(
      file: "siemens/epi.h5", matrix: Extents(x: 160, y: 80, z: 1), cut: 80,
      options: ReadingOptions(correctsEchoPlanar: false)),
    Case(
      file: "siemens/11_02_GRE_3echoes.h5", matrix: Extents(x: 256, y: 256, z: 1), echoes: 3,
      options: ReadingOptions(matrix: EncodedMatrix(y: 256, z: 1), echoTimes: [0.004, 0.009, 0.015])),
  ]

  @Test("Images of real scans equal NumPy's", arguments: cases)
  func images(of scan: Case) throws {
    let directory = try TemporaryDirectory()
    let path = SharedData.path("mrd/\(scan.file)")
    let matrix = scan.matrix
    _ = try Python.run(
      Self.reference, path, "\(matrix.x)", "\(matrix.y)", "\(matrix.z)", "\(scan.cut ?? matrix.x)",
      "\(scan.echoes)", directory.path("image.npy"))
    let expected = try NumPyFile.read(directory.path("image.npy"), as: Complex<Float>.self)
    let stack = try SliceStack(MRDFile(at: path), options: scan.options)
    let images = ChannelImages(
      stacking: stack.slices.map { slice in
        var image = KSpace(slice).samples
        FourierTransform(shape: Array(image.shape[2...])).inverse(&image)
        return ChannelImages(
          image, parameters: slice.parameters, geometry: slice.geometry, noise: slice.noise)
      }, geometry: stack.geometry)
    #expect(images.shape == [expected.shape[0]] + expected.shape[2...])
    for channel in 0..<images.channels {
      let image = try images.channel(channel)
      let reference = NDArray(
        (0..<expected.shape[0]).flatMap { expected.part(at: $0, channel).elements }, shape: image.shape)
      #expect(relativeError(image, reference) < 1e-5)
    }
  }

  @Test(
    "Shuffling the readouts of a real scan changes no bit",
    arguments: [
      "grappa2_1rep", "siemens/gre", "11_03_GRE_3echoes_bipolar_sorted", "aspire7T_32ch_2echo_2slice",
    ])
  func shuffling(name: String) throws {
    let source = try MemorySource(copying: MRDFile(at: SharedData.path("mrd/\(name).h5")))
    let reference = try SliceStack(source), shuffled = try SliceStack(source.shuffled(seed: 11))
    for (first, second) in zip(reference.slices, shuffled.slices) {
      #expect(first.samples == second.samples)
      #expect(first.calibration?.samples == second.calibration?.samples)
    }
    #expect(shuffled.geometry == reference.geometry)
  }

  @Test("The header that lies is diagnosed in words, refused, and right once overridden")
  func lyingHeader() throws {
    let file = try MRDFile(at: SharedData.path("mrd/siemens/11_02_GRE_3echoes.h5"))
    let error = try #require(throws: RawDataError.self) { try KSpace(file) }
    #expect(error.kind == .contradictory)
    #expect(error.problem.contains("line counter 64") && error.problem.contains("counters run to 767"))
    #expect(error.remedy.contains("`matrix: 256x1` `echoTimes: TE1,TE2,TE3"))
    let text = ScanReport(file).description
    for word in [
      "encodes 2 partitions", "readouts have 256 samples, but the header encodes 64",
      "limits 0...0 with centre 32",
      "time stamps span 5.37 s",
    ] { #expect(text.contains(word), "\(text)") }

    let told = ReadingOptions(matrix: EncodedMatrix(y: 256, z: 1), echoTimes: [0.004, 0.009, 0.015])
    let scan = try KSpace(file, options: told)
    let sorted = try KSpace(MRDFile(at: SharedData.path("mrd/11_02_GRE_3echoes_sorted.h5")))
    #expect(scan.samples == sorted.samples)
    #expect(scan.parameters.echoTimes == sorted.parameters.echoTimes)
  }

  @Test("Calibration, noise and navigators of real scans are told apart")
  func uses() throws {
    let grappa = try KSpace(MRDFile(at: SharedData.path("mrd/grappa2_1rep.h5")))
    #expect(grappa.masks[0].acquiredCount == 128)
    #expect(grappa.calibration?.mask.calibrationRegion?.lines == 114..<142)
    // Neither its image lines nor its noise scan state a sample time: the level of the noise is nobody's knowledge.
    #expect(grappa.noise == .unknown)
    #expect(grappa.parameters.dwellTime == nil)
    let planar = ScanReport(try MRDFile(at: SharedData.path("mrd/siemens/epi.h5")))
    #expect(planar.readouts == ["image": 80, "phase correction": 3])
    #expect(
      planar.findings.contains { $0.problem.contains("average to 1 (limit 0), segment to 1 (limit 0)") })
    #expect(planar.time.counted == nil)
  }
}
