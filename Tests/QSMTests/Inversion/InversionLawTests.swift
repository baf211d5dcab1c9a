import Foundation
import MRIData
import NDArrays
import QSM
import TestSupport
import Testing

/// What holds for every dipole inversion.
@Suite struct InversionLawTests {
  struct Method: Sendable, CustomStringConvertible {
    var description: String
    var invert: any DipoleInversion
    /// The relative error allowed where a smooth object's field is inverted.
    var error: Double
  }

  static let methods = [
    Method(description: "TKD", invert: TKD(), error: 0.5),
    Method(description: "L2", invert: QuadraticInversion(regularization: 1e-3), error: 0.5),
    Method(
      description: "L2 of the gradient",
      invert: QuadraticInversion(regularization: 1e-4, penalty: .gradient), error: 0.4),
    Method(description: "RTS", invert: RTS(), error: 0.6),
    Method(
      description: "TV as published", invert: TotalVariation(regularization: 1e-5), error: 0.2),
    Method(description: "TV", invert: TotalVariation(), error: 0.3),
    Method(description: "nonlinear TV", invert: nonlinear, error: 0.3),
    Method(description: "reweighted TV", invert: reweighted, error: 0.3),
  ]

  static let nonlinear: TotalVariation = {
    var method = TotalVariation()
    method.fidelity = .phase(echoTime: 0.02)
    return method
  }()

  static let reweighted: TotalVariation = {
    var method = TotalVariation()
    method.reweightings = 1
    return method
  }()

  /// Two balls of susceptibility [ppm] with their field [Hz].
  static func scene(
    matrix: Extents = Extents(x: 31, y: 28, z: 17), voxelSize: SIMD3<Double> = [1e-3, 1.1e-3, 2e-3],
    tilt: Double = 0.3
  ) -> (chi: ImageVolumes<Float>, measurement: FieldMeasurement) {
    let geometry = Geometry(
      matrix: matrix, voxelSize: voxelSize, phaseDirection: [0, cos(tilt), sin(tilt)],
      sliceDirection: [0, -sin(tilt), cos(tilt)])
    var chi = NDArray<Float>(repeating: 0, shape: matrix.shape)
    var mask = NDArray<UInt8>(repeating: 0, shape: matrix.shape)
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x {
          let r = [
            Double(x - matrix.x / 2) * voxelSize.x, Double(y - matrix.y / 2) * voxelSize.y,
            Double(z - matrix.z / 2) * voxelSize.z,
          ].map { $0 * 1e3 }
          mask[z, y, x] = r[0] * r[0] + r[1] * r[1] + r[2] * r[2] < 13 * 13 ? 1 : 0
          let other = (r[0] - 5) * (r[0] - 5) + r[1] * r[1] + r[2] * r[2]
          let one = (r[0] + 4) * (r[0] + 4) + (r[1] - 2) * (r[1] - 2) + r[2] * r[2]
          chi[z, y, x] = other < 16 ? 0.1 : one < 9 ? -0.05 : 0
        }
      }
    }
    let field = DipoleKernel(geometry).field(of: chi).map { $0 * 3 * 42.577_478_518 }
    return (
      ImageVolumes(chi, geometry: geometry),
      FieldMeasurement(
        field: ImageVolumes(field, geometry: geometry), mask: ImageVolumes(mask, geometry: geometry),
        fieldStrength: 3)
    )
  }

  @Test(arguments: methods) func undoesTheForwardModel(_ method: Method) throws {
    let (chi, measurement) = Self.scene()
    let map = try method.invert(measurement)
    let (values, truth) = (map.susceptibility.voxels.elements, chi.voxels.elements)
    let mask = measurement.mask.voxels.elements
    var sums = (0.0, 0.0, 0.0)
    for index in mask.indices where mask[index] != 0 {
      sums.0 += Double(truth[index])
      sums.2 += 1
    }
    let mean = sums.0 / sums.2
    sums = (0, 0, 0)
    for index in mask.indices where mask[index] != 0 {
      let expected = Double(truth[index]) - mean
      sums.0 += (Double(values[index]) - expected) * (Double(values[index]) - expected)
      sums.1 += expected * expected
      sums.2 += Double(values[index])
    }
    #expect((sums.0 / sums.1).squareRoot() < method.error)
    #expect(abs(sums.2) < 1e-3)
  }

  /// A power of two changes no digit, but for the thresholds of a total variation.
  @Test(arguments: methods) func signTurnsWithTheField(_ method: Method) throws {
    var (_, measurement) = Self.scene()
    let map = try method.invert(measurement)
    measurement.field = measurement.field.map { -$0 }
    let other = try method.invert(measurement)
    #expect(relativeError(other.susceptibility.voxels, map.susceptibility.voxels.map { -$0 }) < 1e-5)
  }

  /// A cosine of twice the phase differs from a parabola four times as much: that of residuals of some degrees by 1e-4.
  @Test(arguments: methods) func partsPerMillionDoNotDependOnTheFieldStrength(_ method: Method) throws {
    var (_, measurement) = Self.scene()
    let map = try method.invert(measurement)
    measurement.fieldStrength *= 2
    measurement.field = measurement.field.map { 2 * $0 }
    let other = try method.invert(measurement)
    #expect(relativeError(other.susceptibility.voxels, map.susceptibility.voxels) < 1e-4)
  }

  @Test(arguments: methods) func whatLiesOutsideTheMaskDoesNotMatter(_ method: Method) throws {
    var (_, measurement) = Self.scene()
    let map = try method.invert(measurement)
    let mask = measurement.mask.voxels.elements
    let wild: [Float] = [.nan, .infinity, -.infinity, 1e30]
    measurement.field.voxels.withUnsafeMutableBufferPointer { field in
      for index in field.indices where mask[index] == 0 { field[index] = wild[index % 4] }
    }
    let other = try method.invert(measurement)
    #expect(other.susceptibility.voxels == map.susceptibility.voxels)
  }

  @Test(arguments: methods) func holesInTheFieldStayHoles(_ method: Method) throws {
    var (_, measurement) = Self.scene()
    measurement.field.voxels[0, 8, 14, 15] = .nan
    let map = try method.invert(measurement)
    #expect(map.susceptibility.voxels[0, 8, 14, 15] == 0)
    let isFinite = map.susceptibility.voxels.elements.allSatisfy { $0.isFinite }
    #expect(isFinite)
  }

  @Test(arguments: methods) func referenceRegionHasMeanZero(_ method: Method) throws {
    var (_, measurement) = Self.scene()
    let whole = try method.invert(measurement)
    var region = measurement.mask.map { _ in UInt8(0) }
    for x in 18...22 { region.voxels[0, 8, 14, x] = 1 }
    measurement.reference = region
    let map = try method.invert(measurement)
    var sum: Float = 0
    for x in 18...22 { sum += map.susceptibility.voxels[0, 8, 14, x] }
    #expect(abs(sum) < 1e-5)
    let mask = measurement.mask.voxels
    let shift = Float(whole.referenceValue - map.referenceValue)
    let shifted = zip(whole.susceptibility.voxels.elements, mask.elements).map { $1 != 0 ? $0 + shift : 0 }
    #expect(relativeError(map.susceptibility.voxels, NDArray(shifted, shape: mask.shape)) < 1e-5)
  }

  @Test(arguments: methods) func badInputIsNamed(_ method: Method) throws {
    let (_, good) = Self.scene()
    var bad = good
    bad.mask = good.mask.map { _ in 0 }
    #expect(throws: QSMError.emptyMask) { try method.invert(bad) }
    bad = good
    bad.field = good.field.map { _ in .nan }
    #expect(throws: QSMError.emptyMask) { try method.invert(bad) }
    bad = good
    bad.mask = Self.scene(matrix: Extents(x: 9, y: 8, z: 7)).measurement.mask
    #expect(
      throws: QSMError.gridMismatch(
        name: "mask", Extents(x: 9, y: 8, z: 7), field: Extents(x: 31, y: 28, z: 17))
    ) { try method.invert(bad) }
    bad = good
    bad.field.geometry.voxelSize.y = 0
    #expect(throws: QSMError.badVoxelSize([1e-3, 0, 2e-3])) { try method.invert(bad) }
    bad = good
    bad.fieldStrength = 0
    #expect(throws: QSMError.badFieldStrength(0)) { try method.invert(bad) }
    bad = good
    bad.field.geometry.sliceDirection = [1, 0, 0]
    bad.field.geometry.phaseDirection = [1, 0, 0]
    #expect(throws: QSMError.badFieldDirection(.zero)) { try method.invert(bad) }
    bad = good
    bad.reference = good.mask.map { _ in 0 }
    #expect(throws: QSMError.emptyReference) { try method.invert(bad) }
  }
}
