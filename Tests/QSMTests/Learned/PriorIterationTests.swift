import Foundation
import MRIData
import NDArrays
import TestSupport
import Testing
import VolumeNetworks

@testable import QSM

@Suite("Susceptibility by a network between data steps")
struct PriorIterationTests {
  private static let hertzPerPPM = 127.0
  private static let shape = [9, 11, 13]

  /// Field, noise, mask and susceptibility of `Training/export.py --golden`, and their network.
  private struct Golden {
    let file: NetworkFile
    let volumes: [[Float]]
    var geometry = Geometry(
      matrix: Extents(x: 13, y: 11, z: 9), voxelSize: [0.0011, 0.0009, 0.002])

    init() throws {
      let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(
        path: "Goldens")
      file = try NetworkFile(folder.appending(path: "prior.onnx").path)
      let data = try Data(contentsOf: folder.appending(path: "prior.bin"))
      let values = data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      let count = PriorIterationTests.shape.reduce(1, *)
      volumes = (0..<4).map { Array(values[$0 * count..<($0 + 1) * count]) }
      // The static field along the voxel axes is the third row of their directions.
      var b = SIMD3(-1.0, -0.25, 0.1)
      b /= (b * b).sum().squareRoot()
      var x = SIMD3(0.0, 1, 0) - 1 * b.y * b
      x /= (x * x).sum().squareRoot()
      let y = SIMD3(b.y * x.z - b.z * x.y, b.z * x.x - b.x * x.z, b.x * x.y - b.y * x.x)
      geometry.readDirection = [x.x, y.x, b.x]
      geometry.phaseDirection = [x.y, y.y, b.y]
      geometry.sliceDirection = [x.z, y.z, b.z]
    }

    func measurement(scale: Float = 1) -> FieldMeasurement {
      func volume(_ index: Int, _ factor: Float) -> ImageVolumes<Float> {
        ImageVolumes(
          NDArray(volumes[index].map { factor * $0 }, shape: [1] + PriorIterationTests.shape),
          geometry: geometry)
      }
      let hertz = Float(PriorIterationTests.hertzPerPPM)
      return FieldMeasurement(
        field: volume(0, hertz * scale),
        mask: ImageVolumes(
          NDArray(volumes[2].map { UInt8($0) }, shape: [1] + PriorIterationTests.shape), geometry: geometry),
        fieldStrength: PriorIterationTests.hertzPerPPM / (ScanParameters.protonGyromagneticRatio * 1e-6),
        fieldNoise: volume(1, hertz * scale))
    }
  }

  private func difference(_ map: SusceptibilityMap, _ expected: [Float], scale: Float = 1) -> Float {
    let largest = expected.map { abs($0) }.max() ?? 0
    return zip(map.susceptibility[0].elements, expected).map { abs($0 / scale - $1) }.max().map {
      $0 / largest
    }
      ?? .infinity
  }

  /// Before it is blended with the best linear map.
  @Test("Maps are those of the network's training, for an oblique static field and noise that differs")
  func golden() throws {
    let golden = try Golden()
    let measurement = golden.measurement()
    let problem = try InversionProblem(measurement, region: .wholeGrid)
    let noise = FieldUncertainty(problem, noise: measurement.fieldNoise)
    let iteration = try PriorIteration(
      golden.file, try #require(golden.file.description.prior), problem)
    let solution = try iteration(
      dipole: DipoleKernel(problem.grid).factors,
      trust: problem.weights(noise.weights?.map { min($0 * $0, 1) }, outside: 0), deviation: noise.deviation)
    #expect(difference(problem.map(solution), golden.volumes[3]) < 1e-5)
  }

  @Test("The scale of a field and its noise passes through")
  func scale() throws {
    let golden = try Golden()
    let inversion = LearnedInversion(golden.file, region: .wholeGrid)
    let expected = try inversion(golden.measurement()), map = try inversion(golden.measurement(scale: 40))
    #expect(map.iterations == 2 && map.share != nil && map.warnings.isEmpty)
    #expect(difference(map, expected.susceptibility[0].elements, scale: 40) < 1e-5)
  }

  /// Bodies alone come out up to a tenth too strong, which total variation does not do.
  @Test("Balls of 100 to 400 ppb keep their amplitude to a tenth", arguments: [1e-3, 4e-3])
  func spheres(noise: Double) throws {
    let scene = SphereScene(voxelSize: [0.8, 0.8, 2], noise: noise)
    let errors = scene.errors(
      of: try LearnedInversion(try NetworkFile(NetworkFile.inTheBox))(scene.measurement))
    #expect(errors.allSatisfy { abs($0) < 0.12 }, "\(errors)")
  }

  @Test("Voxels larger than those of the training are told")
  func voxels() throws {
    var golden = try Golden()
    golden.geometry.voxelSize.z = 0.006
    let warnings = try LearnedInversion(golden.file)(golden.measurement()).warnings
    #expect(warnings.count == 1 && warnings[0].contains("sides of 0.7 to 4.0 mm"), "\(warnings)")
  }

  @Test(
    "A prior that cannot be used is refused with its key",
    arguments: [
      #"{ "Prior": { "Iterations": 2, "LogWeights": [1, 1], "NoiseExponents": [1, 1, 1] } }"#,
      #"{ "Prior": { "Iterations": 0, "LogWeights": [1], "NoiseExponents": [1] } }"#,
      #"{ "Prior": { "Iterations": 1, "LogWeights": [1, 1e9], "NoiseExponents": [1, 1] } }"#,
      #"""
      { "Prior": { "Iterations": 1, "LogWeights": [1, 1], "NoiseExponents": [1, 1] },
        "Unrolling": { "Iterations": 1, "StepSize": 1 } }
      """#,
    ])
  func badPriors(text: String) throws {
    do {
      _ = try JSONDecoder().decode(NetworkDescription.self, from: Data(text.utf8))
      Issue.record("\(text) was taken")
    } catch {
      #expect("\(error)".contains("Prior"), "\(error)")
    }
  }
}
