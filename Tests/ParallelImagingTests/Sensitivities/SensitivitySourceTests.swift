import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@testable import ParallelImaging

@Suite("Sensitivity sources")
struct SensitivitySourceTests {
  private static let methods: [any SensitivityEstimation] = [WalshMaps(), DirectMaps(), ESPIRiT()]

  @Test(
    "find the sensitivities inside the object, of unit length or none", arguments: methods.indices,
    [Extents(x: 3, y: 48, z: 40), Extents(x: 37, y: 61, z: 1), Extents(x: 40, y: 1, z: 51)])
  func truth(index: Int, matrix: Extents) throws {
    let simulation = Simulation(matrix, channels: 6, noise: 0.01)
    let scan = simulation.scan.undersampled(by: scatteredMask(matrix, calibration: 23))
    let maps = try SensitivitySource.estimated(Self.methods[index]).sensitivities(for: CompactKSpace(scan))[0]
      .maps
    let object = simulation.object.elements
    let inside = NDArray(
      simulation.sensitivities.maps.elements.enumerated().map {
        object[$0.offset % object.count] == .zero ? .zero : $0.element
      }, shape: maps.shape)
    let angles = anglesBetween(maps, inside).sorted()
    #expect(angles.count >= object.count { $0 != .zero } * 99 / 100)
    #expect(angles[angles.count / 2] < 0.15, "\(angles[angles.count / 2])")
    let values = maps.elements
    let powers = (0..<matrix.count).map { voxel in
      stride(from: voxel, to: values.count, by: matrix.count).reduce(Float(0)) {
        $0 + values[$1].lengthSquared
      }
    }
    #expect(powers.allSatisfy { $0 == 0 || abs($0 - 1) < 1e-3 })
  }

  @Test("a separate scan of a smaller matrix calibrates as the scan itself does", arguments: methods.indices)
  func separateScan(index: Int) throws {
    let matrix = Extents(x: 40, y: 48, z: 30), small = Extents(x: 30, y: 24, z: 24)
    let simulation = Simulation(matrix, channels: 5, noise: 0.01)
    var samples = NDArray<Complex<Float>>(repeating: .zero, shape: [1, 5] + small.shape)
    for channel in 0..<5 {
      for z in 0..<small.z {
        for y in 0..<small.y {
          for x in 0..<small.x {
            samples[0, channel, z, y, x] =
              simulation.scan.samples[0, channel, z + 15 - 12, y + 24 - 12, x + 20 - 15]
          }
        }
      }
    }
    let size = SIMD3<Double>(40.0 / 30, 2, 30.0 / 24)
    let reference = KSpace(
      samples: samples, masks: [SamplingMask(lines: 24, partitions: 24)],
      parameters: simulation.scan.parameters, geometry: Geometry(matrix: small, voxelSize: size),
      noise: simulation.scan.noise)
    var mask = SamplingMask(lines: 48, partitions: 30, isAcquired: false)
    for z in 0..<24 { for y in 0..<24 { mask[line: y + 12, partition: z + 3] = true } }
    let method = Self.methods[index]
    let own = try SensitivitySource.estimated(method).sensitivities(
      for: CompactKSpace(simulation.scan.undersampled(by: mask)))
    let other = try SensitivitySource.measured(reference, method).sensitivities(
      for: CompactKSpace(simulation.scan))
    let angles = anglesBetween(own[0].maps, other[0].maps).sorted()
    #expect(angles[angles.count * 9 / 10] < 0.15)

    var elsewhere = reference
    elsewhere.geometry.voxelSize = .one
    #expect(throws: ParallelImagingError.calibrationElsewhere) {
      try SensitivitySource.measured(elsewhere, method).sensitivities(for: CompactKSpace(simulation.scan))
    }
  }

  @Test("two sets explain an object that folds within the field of view; one does not")
  func foldedObject() throws {
    let wide = Simulation(Extents(x: 1, y: 64, z: 40), channels: 8, noise: 0.01)
    let matrix = Extents(x: 1, y: 32, z: 40)
    // Every other line is half of the field of view: the object, of 51 voxels, folds.
    var samples = NDArray<Complex<Float>>(repeating: .zero, shape: [1, 8] + matrix.shape)
    for channel in 0..<8 {
      for z in 0..<40 {
        for y in 0..<32 { samples[0, channel, z, y, 0] = wide.scan.samples[0, channel, z, 2 * y, 0] }
      }
    }
    let full = KSpace(
      samples: samples, masks: [SamplingMask(lines: 32, partitions: 40)], parameters: wide.scan.parameters,
      geometry: Geometry(matrix: matrix, voxelSize: .one), noise: wide.scan.noise)
    let scan = full.undersampled(by: scatteredMask(matrix, calibration: 23))
    let truth = ZeroFilled()(full)
    func error(_ sets: Int) throws -> Double {
      let images = try SENSE(calibration: .estimated(ESPIRiT(sets: sets)))(scan)
      return try (0..<8).map { relativeError(try images.channel($0), try truth.channel($0)) }.reduce(0, +) / 8
    }
    let (one, two) = (try error(1), try error(2))
    #expect(two < 0.75 * one, "\(one) with one set, \(two) with two")
    let l1 = try L1WaveletSENSE(calibration: .estimated(ESPIRiT(sets: 2)))(scan)
    #expect(relativeError(try l1.channel(3), try truth.channel(3)) < 0.8 * one)
  }

  @Test("cavities that the object encloses belong to it, bays do not")
  func support() {
    let picture = [
      "........", ".####.#.", ".#..#.#.", ".#.##.#.", ".####.#.", "......##",
    ]
    let flags = picture.flatMap { $0.map { $0 == "#" } }
    let expected = picture.enumerated().flatMap { row, line in
      line.enumerated().map { column, character in
        character == "#" || (row == 2 && (column == 2 || column == 3)) || (row == 3 && column == 2)
      }
    }
    #expect(objectSupport(flags, rows: 6, columns: 8) == expected)
    #expect(
      objectSupport([false, true, false, true, false], rows: 1, columns: 5) == [
        false, true, true, true, false,
      ])
  }
}
