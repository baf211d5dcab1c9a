import Files
import MRIData
import NDArrays
import Numerics
import Operators
import Phantoms
import RawData
import Study
import TestSupport
import Testing

/// Echo-planar scans of the numerical head, read from files, against the same lines without ramps and ghosts.
@Suite struct EchoPlanarPhantomTests {
  private static let matrix = Extents(x: 40, y: 48, z: 12)

  private static func phantom(signalToNoise: Double) -> HeadPhantom {
    var geometry = HeadPhantom.defaultGeometry
    geometry.matrix = matrix
    geometry.voxelSize = [5e-3, 5e-3, 8e-3]
    let train = EchoPlanarTrain(lines: 12, matrix: matrix)
    return HeadPhantom(
      HeadAnatomy(seed: 5, age: 40), geometry: geometry, parameters: train.parameters(echoes: 2), channels: 4,
      signalToNoise: signalToNoise)
  }

  /// The images `[echo, channel, z, y, x]` of a scan that goes through a file, and what was found in it.
  private static func images(
    _ phantom: HeadPhantom, _ train: EchoPlanarTrain,
    options: ReadingOptions = ReadingOptions(prewhitens: false)
  ) throws -> (images: NDArray<Complex<Float>>, findings: [Finding]) {
    let directory = try TemporaryDirectory()
    let files = PhantomFiles(directory.path("epi.mrd"))
    try files.writeScan(of: phantom, train: train, signalToNoise: 50)
    return try withExtendedLifetime(directory) {
      let file = try MRDFile(at: files.scan)
      return (try images(KSpace(file, options: options)), try ScanLayout(of: file, options: options).findings)
    }
  }

  private static func images(_ scan: KSpace) throws -> NDArray<Complex<Float>> {
    let channels = ZeroFilled()(scan)
    let parts = try (0..<channels.channels).flatMap { try channels.channel($0).elements }
    return NDArray(parts, shape: [channels.channels] + channels.shape)
  }

  @Test(
    "Ghosts below 1 %, geometry within a tenth of a voxel, with navigators and without", arguments: [3, 0],
    [12, 48])
  func noiseless(navigators: Int, lines: Int) throws {
    let phantom = Self.phantom(signalToNoise: .infinity)
    let train = EchoPlanarTrain(lines: lines, navigators: navigators, matrix: Self.matrix)
    let truth = try Self.images(phantom.scan())
    let corrected = try Self.images(phantom, train)
    #expect(
      corrected.findings.contains { $0.severity == .warning && $0.problem.contains("without navigators") }
        == (navigators == 0))
    // Lines without ramps and ghosts differ from the grid's by 0.031: they reach half a sample beyond it at both ends.
    #expect(relativeError(corrected.images, truth) < 0.04)
    #expect(Self.ghost(corrected.images, truth) < 0.01)
    for half in [0..<20, 20..<40] {
      #expect(abs(Self.displacement(corrected.images, truth, columns: half)) < 0.1)
    }
    // Untouched, the same file shows ghosts and is distorted.
    let untouched = try Self.images(
      phantom, train, options: ReadingOptions(prewhitens: false, correctsEchoPlanar: false))
    #expect(Self.ghost(untouched.images, truth) > 0.05)
  }

  @Test("With noise, the error is at most 1.1 times that of the same lines without ramps and ghosts")
  func noisy() throws {
    let truth = try Self.images(Self.phantom(signalToNoise: .infinity).scan())
    let phantom = Self.phantom(signalToNoise: 30)
    let plain = try Self.images(phantom.scan())
    let corrected = try Self.images(
      phantom, EchoPlanarTrain(lines: 12, navigators: 3, matrix: Self.matrix)
    ).images
    #expect(relativeError(corrected, truth) < 1.1 * relativeError(plain, truth))
  }

  /// The root mean square of what is too much where the head gives no signal, over that of the head.
  private static func ghost(_ images: NDArray<Complex<Float>>, _ truth: NDArray<Complex<Float>>) -> Double {
    let (images, truth) = (images.elements, truth.elements)
    let largest = truth.map(\.lengthSquared).max() ?? 0
    var (outside, inside, outsiders, insiders) = (0.0, 0.0, 0, 0)
    for index in truth.indices {
      if truth[index].lengthSquared > 0.04 * largest {
        inside += Double(truth[index].lengthSquared)
        insiders += 1
      } else if truth[index].lengthSquared < 4e-4 * largest {
        outside += Double((images[index] - truth[index]).lengthSquared)
        outsiders += 1
      }
    }
    return (outside / Double(outsiders) / (inside / Double(insiders))).squareRoot()
  }

  /// By how many voxels the magnitude lies beside the true one along x, by linear regression on its slope.
  private static func displacement(
    _ images: NDArray<Complex<Float>>, _ truth: NDArray<Complex<Float>>, columns: Range<Int>
  ) -> Double {
    let length = truth.shape[4], a = images.elements.map(\.length), b = truth.elements.map(\.length)
    var (product, square) = (0.0, 0.0)
    for row in 0..<b.count / length {
      for x in columns.dropFirst().dropLast() {
        let index = row * length + x, slope = Double(b[index + 1] - b[index - 1]) / 2
        product -= Double(a[index] - b[index]) * slope
        square += slope * slope
      }
    }
    return product / square
  }
}
