import MRIData
import NDArrays
import Numerics
import ParallelImaging
import TestSupport
import Testing

@Suite("ESPIRiT")
struct ESPIRiTTests {
  @Test(
    "finds the sensitivities inside the object",
    arguments: [
      Extents(x: 1, y: 48, z: 40), Extents(x: 7, y: 37, z: 31), Extents(x: 70, y: 32, z: 26),
      Extents(x: 96, y: 61, z: 1),
    ])
  func truth(matrix: Extents) throws {
    let simulation = Simulation(matrix, channels: 6, noise: 0.01)
    let scan = simulation.scan.undersampled(by: scatteredMask(matrix, calibration: 23))
    let maps = try ESPIRiT()(scan)
    let object = simulation.object.elements
    let inside = NDArray(
      simulation.sensitivities.maps.elements.enumerated().map {
        object[$0.offset % object.count] == .zero ? .zero : $0.element
      }, shape: simulation.sensitivities.maps.shape)
    let angles = anglesBetween(maps.maps, inside).sorted()
    #expect(angles.count == object.count { $0 != .zero }, "no voxel of the object is cropped")
    #expect(angles[angles.count / 2] < 0.02)
    #expect(angles[angles.count * 99 / 100] < 0.1)
  }

  @Test("sensitivities have unit length or none, and the principal component is real and positive")
  func conventions() throws {
    let matrix = Extents(x: 9, y: 33, z: 30)
    let maps = try ESPIRiT()(Simulation(matrix, channels: 4).scan).maps.elements
    for voxel in 0..<matrix.count {
      let power = stride(from: voxel, to: maps.count, by: matrix.count).reduce(Float(0)) {
        $0 + maps[$1].lengthSquared
      }
      #expect(power == 0 || abs(power - 1) < 1e-5)
    }
  }

  @Test("a channel of zeros has no sensitivity and does not disturb the others")
  func silentChannel() throws {
    let matrix = Extents(x: 5, y: 32, z: 30)
    var scan = Simulation(matrix, channels: 5).scan
    scan.samples.setPart(at: 0, 4, to: NDArray(repeating: .zero, shape: matrix.shape))
    var without = scan
    without.samples = NDArray(
      scan.samples.elements.prefix(4 * matrix.count), shape: [1, 4] + matrix.shape)
    let maps = try ESPIRiT()(scan).maps, others = try ESPIRiT()(without).maps
    #expect(maps.part(at: 4).elements.allSatisfy { $0 == .zero })
    let angles = anglesBetween(
      NDArray(maps.elements.prefix(4 * matrix.count), shape: others.shape), others)
    #expect(try #require(angles.max()) < 1e-2)
  }

  @Test("scans that cannot be calibrated are refused")
  func badInput() {
    let matrix = Extents(x: 3, y: 24, z: 20)
    let scan = Simulation(matrix, channels: 3).scan
    var holes = SamplingMask(lines: 24, partitions: 20)
    holes[line: 12, partition: 10] = false
    #expect(throws: ParallelImagingError.noCalibration) { try SENSE()(scan.undersampled(by: holes)) }

    #expect(throws: ParallelImagingError.calibrationTooSmall(lines: 3, partitions: 3, kernel: "4x4")) {
      var mask = SamplingMask(lines: 24, partitions: 20, isAcquired: false)
      for z in 9..<12 { for y in 11..<14 { mask[line: y, partition: z] = true } }
      return try ESPIRiT()(scan.undersampled(by: mask))
    }
    var empty = scan
    empty.samples = NDArray(repeating: .zero, shape: scan.samples.shape)
    #expect(throws: ParallelImagingError.calibrationWithoutSignal) { try ESPIRiT()(empty) }
    empty.samples[0, 1, 10, 12, 1] = Complex(.nan, 0)
    #expect(throws: ParallelImagingError.calibrationNotFinite) { try ESPIRiT()(empty) }
  }

  @Test("noise alone is no signal")
  func noiseOnly() {
    var scan = Simulation(Extents(x: 4, y: 24, z: 20), channels: 3, noise: 1).scan
    scan.samples = testPattern(scan.samples.shape)
    #expect(throws: ParallelImagingError.calibrationWithoutSignal) { try ESPIRiT()(scan) }
  }
}
