import MRIData
import NDArrays
import QSM
import TestSupport
import Testing

/// What holds for every background removal.
@Suite struct BackgroundLawTests {
  struct Method: Sendable, CustomStringConvertible {
    var description: String
    var remove: any BackgroundRemoval
    /// What may be left of a background, relative to it.
    var rest: Double
    /// The error of a local field under a background, relative to the local field.
    var error: Double
  }

  static let methods = [
    Method(description: "V-SHARP", remove: VSHARP(), rest: 0.03, error: 0.4),
    Method(description: "SHARP", remove: SHARP(radius: 5e-3), rest: 0.03, error: 0.4),
    Method(description: "RESHARP", remove: RESHARP(radius: 5e-3), rest: 0.03, error: 0.4),
    Method(description: "PDF", remove: PDF(margin: 0.03), rest: 0.05, error: 0.6),
    Method(description: "LBV", remove: LBV(), rest: 0.01, error: 0.6),
    Method(description: "TFI", remove: TFI(), rest: 0.01, error: 0.3),
    Method(description: "iSMV", remove: ISMV(radius: 4e-3), rest: 0.03, error: 0.5),
    Method(description: "automatic", remove: AutomaticBackground(), rest: 0.05, error: 0.6),
  ]

  private let scene = BackgroundScene(
    matrix: Extents(x: 51, y: 56, z: 25), voxelSize: [1e-3, 1e-3, 2e-3])

  @Test(arguments: methods) func removesABackground(_ method: Method) throws {
    let result = try method.remove(scene.background, mask: scene.mask)
    let rest = scene.norm(result.field, in: result.mask) / scene.norm(scene.background, in: result.mask)
    #expect(rest < method.rest)
  }

  @Test(arguments: methods) func keepsALocalField(_ method: Method) throws {
    let result = try method.remove(scene.total, mask: scene.mask)
    let error =
      scene.difference(result.field, scene.local, in: result.mask)
      / scene.norm(scene.local, in: result.mask)
    #expect(error < method.error)
  }

  @Test(arguments: methods) func isOdd(_ method: Method) throws {
    let result = try method.remove(scene.total, mask: scene.mask)
    let other = try method.remove(scene.total.map { -4 * $0 }, mask: scene.mask)
    #expect(relativeError(other.field.voxels, result.field.voxels.map { -4 * $0 }) < 1e-5)
  }

  @Test(arguments: methods) func whatLiesOutsideTheMaskDoesNotMatter(_ method: Method) throws {
    let result = try method.remove(scene.total, mask: scene.mask)
    var wild = scene.total
    let mask = scene.mask.voxels.elements
    let values: [Float] = [.nan, .infinity, 1e30]
    wild.voxels.withUnsafeMutableBufferPointer { field in
      for index in field.indices where mask[index] == 0 { field[index] = values[index % 3] }
    }
    let other = try method.remove(wild, mask: scene.mask)
    #expect(other.field.voxels == result.field.voxels)
    #expect(other.mask.voxels == result.mask.voxels)
  }

  @Test(arguments: methods) func holesInTheFieldAreLeftOut(_ method: Method) throws {
    var field = scene.total
    field.voxels[0, 12, 28, 25] = .nan
    let result = try method.remove(field, mask: scene.mask)
    #expect(result.mask.voxels[0, 12, 28, 25] == 0)
    let isFinite = result.field.voxels.elements.allSatisfy { $0.isFinite }
    #expect(isFinite)
  }

  @Test(arguments: methods) func badInputIsNamed(_ method: Method) throws {
    #expect(throws: QSMError.emptyMask) {
      try method.remove(scene.total, mask: scene.mask.map { _ in 0 })
    }
    let other = BackgroundScene(matrix: Extents(x: 9, y: 8, z: 7), voxelSize: [1e-3, 1e-3, 1e-3])
    #expect(
      throws: QSMError.gridMismatch(
        name: "mask", Extents(x: 9, y: 8, z: 7), field: Extents(x: 51, y: 56, z: 25))
    ) { try method.remove(scene.total, mask: other.mask) }
    var flat = scene.total
    flat.geometry.voxelSize.z = 0
    #expect(throws: QSMError.badVoxelSize([1e-3, 1e-3, 0])) {
      try method.remove(flat, mask: scene.mask)
    }
  }

  @Test func aMaskWithoutRoomForABallIsNamed() throws {
    var mask = scene.mask.map { _ in UInt8(0) }
    for x in 20..<30 { mask.voxels[0, 12, 28, x] = 1 }
    #expect(throws: QSMError.maskTooThin(radius: 2e-3)) { try VSHARP()(scene.total, mask: mask) }
    #expect(throws: QSMError.maskTooThin(radius: 6e-3)) { try RESHARP()(scene.total, mask: mask) }
  }
}
