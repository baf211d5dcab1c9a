import ChannelCombination
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@Suite(
  .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
  .enabled(if: Python.isAvailable, "\(Python.absence)"))
struct RealDataTests {
  /// Sorts the readouts of a complete scan by their counters and transforms them, with h5py and NumPy only.
  private static let imagesOfScan = """
    import sys, h5py, numpy as np
    readouts = h5py.File(sys.argv[1])['dataset/data'][:]
    head = readouts['head']
    readouts = readouts[(head['flags'] & (1 << 18)) == 0]
    head = readouts['head']; index = head['idx']
    extent = lambda name: int(index[name].max()) + 1
    channels, length = int(head['active_channels'][0]), int(head['number_of_samples'][0])
    samples = np.stack(readouts['data']).view(np.complex64).reshape(-1, channels, length)
    reverse = (head['flags'] & (1 << 21)) != 0
    samples[reverse] = samples[reverse][..., ::-1]
    k = np.zeros((extent('contrast'), extent('slice'), extent('kspace_encode_step_2'),
                  extent('kspace_encode_step_1'), channels, length), np.complex64)
    k[index['contrast'], index['slice'], index['kspace_encode_step_2'], index['kspace_encode_step_1']] = samples
    k = k.transpose(0, 4, 1, 2, 3, 5)
    axes = (-3, -2, -1)
    image = np.fft.fftshift(np.fft.ifftn(np.fft.ifftshift(k, axes), axes=axes, norm='ortho'), axes)
    image = image.reshape(k.shape[0], channels, -1, k.shape[4], length)
    np.save(sys.argv[2], np.ascontiguousarray(image, np.complex64))
    """

  private func images(
    _ name: String, echoTimes: [Double], polarities: [ReadoutPolarity]? = nil,
    voxelSize: SIMD3<Double> = [1e-3, 1e-3, 1e-3]
  ) throws -> ChannelImages {
    let folder = try TemporaryDirectory()
    _ = try Python.run(Self.imagesOfScan, SharedData.path("mrd/\(name).h5"), folder.path("images.npy"))
    let voxels = try NumPyFile.read(folder.path("images.npy"), as: Complex<Float>.self)
    let matrix = Extents(x: voxels.shape[4], y: voxels.shape[3], z: voxels.shape[2])
    return ChannelImages(
      voxels,
      parameters: ScanParameters(echoTimes: echoTimes, fieldStrength: 3, polarities: polarities),
      geometry: Geometry(matrix: matrix, voxelSize: voxelSize))
  }

  @Test func fieldOfTheSemiSyntheticScanEqualsItsTruth() throws {
    let folder = try TemporaryDirectory()
    let script = """
      import sys, numpy as np
      truth = np.load(sys.argv[1])
      for name, values in (('field', truth['dfreq_hz'] + truth['bg_hz']), ('mask', truth['mask'])):
          np.save(sys.argv[2] + '/' + name, np.ascontiguousarray(values.transpose(2, 1, 0), np.float32))
      """
    _ = try Python.run(script, SharedData.path("mrd/semi3d_truth.npz"), folder.url.path)
    let truth = try NumPyFile.read(folder.path("field.npy"), as: Float.self).elements
    let mask = try NumPyFile.read(folder.path("mask.npy"), as: Float.self).elements

    let maps = try MDI()(images("semi3d_6ch_3echo", echoTimes: [3.3e-3, 9.5e-3, 15.7e-3]))
    var square = 0.0, stated = 0.0, count = 0.0
    let field = maps.field.voxels.elements, noise = try #require(maps.fieldNoise).voxels.elements
    for (voxel, isInside) in mask.enumerated() where isInside > 0 {
      let error = wrappedDifference(
        Double(field[voxel]), Double(truth[voxel]), period: maps.fieldPeriod)
      square += error * error
      stated += Double(noise[voxel]) * Double(noise[voxel])
      count += 1
    }
    let rms = (square / count).squareRoot(), expected = (stated / count).squareRoot()
    #expect(rms < 0.5, "rms \(rms) Hz, stated noise \(expected) Hz")
    #expect(rms < 1.3 * expected, "rms \(rms) Hz, stated noise \(expected) Hz")
  }

  /// One slice of the 32-channel sphere at 7 T: the phase of neither combination has a singularity.
  @Test func combinedPhaseOfThirtyTwoChannelsHasNoSingularity() throws {
    let images = try images("aspire7T_32ch_2echo_2slice", echoTimes: [8e-3, 16e-3])
    let magnitude = try RootSumOfSquares()(images)[0].elements
    let threshold = 0.15 * magnitude.reduce(0, max)
    for combined in [try AdaptiveCombination()(images)[0], try MDI()(images).echoes[0]] {
      var windings = 0, cells = 0
      let phase = combined.elements.map { $0.phase }
      for slice in 0..<2 {
        for y in 0..<79 {
          for x in 0..<79 {
            let corners = [(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)].map {
              (slice * 80 + y + $0.0) * 80 + x + $0.1
            }
            guard corners.allSatisfy({ magnitude[$0] > threshold }) else { continue }
            let turns = zip(corners.dropFirst(), corners).reduce(0) {
              $0 + (phase[$1.0] - phase[$1.1]).remainder(dividingBy: 2 * .pi)
            }
            cells += 1
            if abs(turns) > 1 { windings += 1 }
          }
        }
      }
      #expect(cells > 2000)
      #expect(windings == 0)
    }
  }

  /// Six voxels of this scan have orthogonal channels in its two echoes, and two equal eigenvalues.
  @Test func finiteChannelsGiveFiniteMaps() throws {
    let images = try images("aspire7T_32ch_2echo_2slice", echoTimes: [8e-3, 16e-3])
    for estimator in MDI.Estimator.allCases {
      let maps = try MDI(estimator: estimator)(images)
      #expect(maps.countOfInvalidValues == 0)
      #expect(abs(maps.fieldPeriod - 125) < 1e-9)
    }
  }

  /// Slices of 5 mm, between which the sensitivities of the eight coils change.
  @Test func thickSlicesKeepTheirSignal() throws {
    let images = try images(
      "ge_phantom8ch_7slices", echoTimes: [20e-3], voxelSize: [1.875e-3, 1.875e-3, 5e-3])
    let adaptive = try AdaptiveCombination()(images)[0].map { $0.length }
    let squares = try RootSumOfSquares()(images)[0]
    for slice in 0..<squares.shape[0] {
      let pairs = Array(zip(adaptive.part(at: slice).elements, squares.part(at: slice).elements))
      let largest = pairs.reduce(0) { max($0, $1.1) }
      let inside = pairs.filter { $0.1 > 0.2 * largest }
      let ratio = inside.reduce(0) { $0 + $1.0 / $1.1 } / Float(inside.count)
      #expect(ratio > 0.95, "slice \(slice): \(ratio)")
    }
  }

  /// The same phantom with bipolar and with monopolar readouts has the same field.
  @Test func bipolarReadoutsGiveTheFieldOfMonopolarOnes() throws {
    let times = [4e-3, 9e-3, 15e-3]
    let bipolar = try MDI()(
      images(
        "11_03_GRE_3echoes_bipolar_sorted", echoTimes: times, polarities: [.forward, .reversed, .forward]))
    let monopolar = try MDI()(images("11_02_GRE_3echoes_sorted", echoTimes: times))
    let magnitude = monopolar.magnitude[0].elements
    let mean = magnitude.reduce(0, +) / Float(magnitude.count)
    let inside = magnitude.indices.filter { magnitude[$0] > 2 * mean }
    let left = bipolar.field.voxels.elements, right = monopolar.field.voxels.elements
    let differences = inside.map {
      wrappedDifference(Double(left[$0]), Double(right[$0]), period: monopolar.fieldPeriod)
    }.sorted()
    func stated(_ maps: MDI.Output) throws -> Double {
      let noise = try #require(maps.fieldNoise).voxels.elements
      return Double(inside.map { noise[$0] }.sorted()[inside.count / 2])
    }
    let expected = try (stated(bipolar) * stated(bipolar) + stated(monopolar) * stated(monopolar))
      .squareRoot()
    let quartiles = [0.25, 0.5, 0.75].map { differences[Int($0 * Double(differences.count))] }
    // A normal distribution has its quartiles at 0.6745 standard deviations. The scanner drifts between scans.
    #expect((quartiles[2] - quartiles[0]) / 1.349 < 1.15 * expected)
    #expect(abs(quartiles[1]) < 1)
    #expect(try #require(bipolar.oddEvenPhase).slope.x != 0)
  }
}
