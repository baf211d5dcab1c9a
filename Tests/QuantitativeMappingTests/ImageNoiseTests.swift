import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// What is stated of the noise of images and their field, against the noise that replicas of the scan have.
struct ImageNoiseTests {
  private static let scan = Result {
    let folder = try TemporaryDirectory()
    for echoes in ["2", "4"] {
      for arguments in [
        [
          "phantom", "--matrix", "32x36x12", "--voxel-size", "6x6x10mm", "--echoes", echoes, "--snr", "40",
          "-o", "complete\(echoes).h5",
        ],
        [
          "undersample", "complete\(echoes).h5", "--acceleration", "2", "--calibration", "8x6", "--seed", "3",
          "-o", "gaps\(echoes).h5",
        ],
      ] {
        let result = try Command.run(arguments, in: folder)
        guard result.status == 0 else {
          throw ProcessFailure(description: result.errors, status: result.status)
        }
      }
    }
    return folder
  }

  private let folder: TemporaryDirectory

  init() throws { folder = try Self.scan.get() }

  /// Deviations of the largest magnitudes, where tissue is.
  private func bright(_ values: ImageVolumes<Float>, where magnitude: ImageVolumes<Float>) throws -> Float {
    let sorted = magnitude[0].elements.sorted(), limit = sorted[sorted.count * 3 / 4]
    let chosen = zip(values[0].elements, magnitude[0].elements).filter { $0.1 > limit }.map(\.0).sorted()
    return try #require(chosen.ranked(0.5))
  }

  @Test func `The noise of a stack is that of its slices, as far as they have one`() throws {
    func stack(_ levels: NoiseLevel...) -> NoiseLevel {
      let matrix = Extents(x: 4, y: 4, z: 1)
      let slices = levels.map { level in
        ChannelImages(
          NDArray(repeating: .zero, shape: [1, 1] + matrix.shape),
          parameters: ScanParameters(echoTimes: [0.01], fieldStrength: 3),
          geometry: Geometry(matrix: matrix, voxelSize: [1e-3, 1e-3, 1e-3]), noise: level)
      }
      var geometry = slices[0].geometry
      geometry.matrix.z = levels.count
      return ChannelImages(stacking: slices, geometry: geometry).noise
    }
    func white(_ deviation: Float) -> NoiseLevel { .whitened(standardDeviation: deviation) }
    #expect(stack(white(1), white(1)) == white(1) && stack(.shared, white(1)) == .shared)
    #expect(stack(white(1), white(2)) == .unknown && stack(.unknown, white(1)) == .unknown)
    let level = try #require(stack(white(1), white(1.05)).standardDeviation)
    #expect(level > 1 && level < 1.05)
  }

  @Test(arguments: ["complete", "gaps"], [2, 4])
  func `The stated noise is that of replicas, whatever filled the gaps`(name: String, echoes: Int) throws {
    let scan = try KSpace(MRDFile(at: folder.path("\(name)\(echoes).h5")))
    let methods: [any Reconstruction] =
      name == "gaps"
      ? [ZeroFilled(), SENSE(), L1WaveletSENSE(), GRAPPA(), SPIRiT()] : [ZeroFilled(), GRAPPA()]
    for method in methods {
      let maps = try MDI()(method(scan))
      let replicas = try PseudoReplicas(count: 12)(method, scan)
      let stated = try #require(maps.noise.standardDeviation)
      let measured = try bright(
        replicas.standardDeviation, where: maps.magnitude)
      // Noise differs from place to place where gaps were filled, and wavelets take it for structure here and there.
      #expect((0.5...1.6).contains(stated / measured), "\(method): \(stated) stated, \(measured) measured")
    }
  }
}
