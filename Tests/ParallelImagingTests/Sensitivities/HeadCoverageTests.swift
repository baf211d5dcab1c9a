import MRIData
import NDArrays
import Numerics
import ParallelImaging
import Phantoms
import TestSupport
import Testing

@Suite("Sensitivities of the numerical head")
struct HeadCoverageTests {
  /// One echo of 12.6 ms, late enough for the phase to turn within a blurred voxel beside air.
  private static let phantom = HeadPhantom(
    HeadAnatomy(seed: 31),
    geometry: Geometry(matrix: Extents(x: 64, y: 78, z: 24), voxelSize: [3.3e-3, 2.7e-3, 5.2e-3]),
    parameters: .spoiledGradientEcho(echoTimes: [12.6e-3]), channels: 8, signalToNoise: .infinity)

  /// The scan with white noise, as a share of the root mean square of its image.
  private static func scan(noise: Float) -> KSpace {
    var scan = phantom.scan()
    let power = scan.samples.squaredNorm / Double(scan.samples.count)
    let deviation = noise * Float(power.squareRoot())
    var generator = SeededGenerator(seed: 5)
    scan.samples = scan.samples.map {
      $0 + Complex(deviation * Float(generator.normal()), deviation * Float(generator.normal()))
    }
    if noise > 0 { scan.noise = .whitened(standardDeviation: deviation) }
    return scan
  }

  @Test("have no holes beside air, where calibration images are dark", arguments: [0, 0.02] as [Float])
  func coverage(noise: Float) throws {
    var mask = SamplingMask(lines: 78, partitions: 24, isAcquired: false)
    for z in 2..<22 { for y in 29..<49 { mask[line: y, partition: z] = true } }
    let maps = try ESPIRiT()(Self.scan(noise: noise).undersampled(by: mask)).maps.elements
    let brain = Self.phantom.brainMask[0].elements, voxels = brain.count
    let holes = brain.indices.filter { voxel in
      brain[voxel] != 0
        && stride(from: voxel, to: maps.count, by: voxels).allSatisfy { maps[$0] == .zero }
    }
    #expect(holes.isEmpty, "\(holes.count) of \(brain.count { $0 != 0 }) voxels of the brain")
  }
}
