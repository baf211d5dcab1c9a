import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@Suite("Zero-filled reconstruction")
struct ZeroFilledTests {
  private func scan(_ matrix: Extents, echoes: Int, channels: Int) -> KSpace {
    KSpace(
      samples: testPattern([echoes, channels] + matrix.shape),
      masks: Array(repeating: SamplingMask(lines: matrix.y, partitions: matrix.z), count: echoes),
      parameters: ScanParameters(echoTimes: (0..<echoes).map { 0.004 * Double($0 + 1) }, fieldStrength: 3),
      geometry: Geometry(matrix: matrix, voxelSize: .one), noise: .whitened(standardDeviation: 0.5),
      assumptions: ["the sun rises in the east"])
  }

  @Test(
    "is the centred inverse transform of every echo and channel",
    arguments: [Extents(x: 8, y: 6, z: 4), Extents(x: 7, y: 5, z: 1), Extents(x: 1, y: 2, z: 3)],
    [(1, 1), (3, 2)])
  func inverseTransform(matrix: Extents, counts: (echoes: Int, channels: Int)) throws {
    let scan = scan(matrix, echoes: counts.echoes, channels: counts.channels)
    let images = ZeroFilled()(scan)
    #expect(images.channels == counts.channels)
    let transform = FourierTransform(shape: matrix.shape)
    for channel in 0..<counts.channels {
      let result = try images.channel(channel)
      #expect(result.shape == [counts.echoes] + matrix.shape)
      for echo in 0..<counts.echoes {
        var expected = scan.volume(echo: echo, channel: channel)
        transform.inverse(&expected)
        #expect(result.part(at: echo) == expected)
      }
    }
  }

  @Test("carries over what is known of the scan")
  func metadata() {
    let scan = scan(Extents(x: 4, y: 3, z: 2), echoes: 2, channels: 1)
    let images = ZeroFilled()(scan)
    #expect(images.noise == scan.noise)
    #expect(images.geometry == scan.geometry)
    #expect(images.parameters == scan.parameters)
    #expect(images.assumptions == scan.assumptions)
  }

  @Test("equals NumPy's transform", .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func equalsNumPy() throws {
    let folder = try TemporaryDirectory()
    let scan = scan(Extents(x: 30, y: 21, z: 8), echoes: 2, channels: 2)
    try NumPyFile.write(scan.samples, to: folder.path("k.npy"))
    _ = try Python.run(
      """
      import sys, numpy as np
      folder, axes = sys.argv[1], (-3, -2, -1)
      kspace = np.load(folder + "/k.npy").astype(np.complex128)
      image = np.fft.fftshift(np.fft.ifftn(np.fft.ifftshift(kspace, axes), axes=axes, norm="ortho"), axes)
      np.save(folder + "/x.npy", image.astype(np.complex64))
      """, folder.url.path)
    let expected: Samples = try NumPyFile.read(folder.path("x.npy"))
    let images = ZeroFilled()(scan)
    for channel in 0..<2 {
      let result = try images.channel(channel)
      for echo in 0..<2 {
        #expect(relativeError(result.part(at: echo), expected.part(at: echo, channel)) < 1e-6)
      }
    }
  }
}
