import MRIData
import NDArrays
import Phantoms
import Testing

@testable import QSM

/// The deep-brain nuclei of the numerical head, at the voxel size of the study.
@Suite(.serialized) struct NucleiTests {
  static let phantom = HeadPhantom(
    HeadAnatomy(seed: 1),
    geometry: Geometry(matrix: Extents(x: 240, y: 288, z: 72), voxelSize: [0.8e-3, 0.8e-3, 2e-3]),
    parameters: .spoiledGradientEcho(), channels: 1)

  /// The slope of the nuclei's mean susceptibility against the truth.
  private func slope(_ map: SusceptibilityMap) -> Double {
    let labels = Self.phantom.labels.voxels.elements
    let (values, truth) = (
      map.susceptibility.voxels.elements, Self.phantom.susceptibility.voxels.elements
    )
    let nuclei: [Tissue] = [
      .caudateNucleus, .putamen, .globusPallidusExterna, .globusPallidusInterna,
      .substantiaNigraReticulata, .substantiaNigraCompacta, .redNucleus,
    ]
    var sums = [SIMD3<Double>](repeating: .zero, count: 256)
    for voxel in labels.indices {
      sums[Int(labels[voxel])] += [Double(truth[voxel]), Double(values[voxel]), 1]
    }
    let points = nuclei.map { sums[Int($0.rawValue)] / sums[Int($0.rawValue)].z }
    let mean = points.reduce(.zero, +) / Double(points.count)
    let (products, squares) = points.reduce(into: (0.0, 0.0)) {
      $0.0 += ($1.x - mean.x) * ($1.y - mean.y)
      $0.1 += ($1.x - mean.x) * ($1.x - mean.x)
    }
    return products / squares
  }

  @Test func slopeIsOneWithTheTrueLocalField() throws {
    let phantom = Self.phantom
    // What the brain itself causes: its susceptibility with nothing around it.
    let grid = try WorkingGrid(
      field: phantom.susceptibility, mask: phantom.brainMask, region: .mask(margin: 0.1))
    var chi = grid.load(phantom.susceptibility)
    let mean = chi.withUnsafeBufferPointer { $0.reduce(0.0) { $0 + Double($1) } } / Double(grid.maskCount)
    chi = chi.combined(with: grid.mask.map { $0 ? Float(mean) : 0 }) { $0 - $1 }
    let hertz = Float(phantom.parameters.imagingFrequency * 1e-6)
    let local = grid.store(DipoleKernel(grid).field(of: chi).map { $0 * hertz })
    let map = try TotalVariation()(
      FieldMeasurement(
        field: local, mask: phantom.brainMask, fieldStrength: phantom.parameters.fieldStrength))
    let slope = slope(map)
    #expect(slope > 0.95 && slope < 1.05)
  }

  @Test func slopeIsOneAfterVSHARP() throws {
    let phantom = Self.phantom
    let local = try VSHARP()(phantom.field, mask: phantom.brainMask)
    let map = try TotalVariation()(
      FieldMeasurement(
        field: local.field, mask: local.mask, fieldStrength: phantom.parameters.fieldStrength))
    let slope = slope(map)
    #expect(slope > 0.95 && slope < 1.05, "\(slope)")
  }
}
