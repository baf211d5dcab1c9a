import MRIData
import NDArrays
import Phantoms
import QSM
import Testing

/// The para- and diamagnetic parts of the head's susceptibility.
struct SourceTests {
  private let phantom = HeadPhantom(
    HeadAnatomy(seed: 5, age: 70),
    geometry: Geometry(matrix: Extents(x: 60, y: 72, z: 30), voxelSize: [3e-3, 3e-3, 5e-3]),
    parameters: .spoiledGradientEcho(echoes: 2), channels: 1)

  @Test func `The parts add up to the susceptibility, and their dephasing with R2 to R2*`() {
    let chi = phantom.susceptibility.voxels.elements, rate = phantom.transverseRelaxationRate.voxels.elements
    let positive = phantom.paramagneticSusceptibility.voxels.elements
    let negative = phantom.diamagneticSusceptibility.voxels.elements
    let irreversible = phantom.irreversibleRate.voxels.elements
    for voxel in chi.indices {
      #expect(positive[voxel] >= 0 && negative[voxel] <= 0)
      #expect(abs(positive[voxel] + negative[voxel] - chi[voxel]) < 1e-5)
      let sum = irreversible[voxel] + 137 * (positive[voxel] - negative[voxel])
      // Air and its edges have no rate to take from.
      #expect(irreversible[voxel] == 0 || abs(sum - rate[voxel]) < 1e-3)
    }
  }

  @Test func `Separation of the true maps gives the parts, nucleus by nucleus`() throws {
    // Neighbours tell nothing where voxels are right.
    var separation = SourceSeparation()
    separation.smoothing = 0
    separation.referenceSusceptibility = 0
    let found = try separation(
      phantom.susceptibility, relaxation: phantom.transverseRelaxationRate,
      irreversible: .map(phantom.irreversibleRate), mask: phantom.brainMask,
      fieldStrength: phantom.parameters.fieldStrength)
    let labels = phantom.labels.voxels.elements
    func mean(_ volume: ImageVolumes<Float>, _ tissue: Tissue) -> Double {
      let values = volume.voxels.elements, places = labels.indices.filter { labels[$0] == tissue.rawValue }
      return places.reduce(0) { $0 + Double(values[$1]) } / Double(places.count)
    }
    for tissue in Tissue.ironRichNuclei + [.whiteMatter, .greyMatter, .thalamus] {
      for (part, truth) in [
        (found.paramagnetic, phantom.paramagneticSusceptibility),
        (found.diamagnetic, phantom.diamagneticSusceptibility),
      ] {
        #expect(
          abs(mean(part, tissue) - mean(truth, tissue)) < 0.05 * abs(mean(truth, tissue)) + 5e-4, "\(tissue)")
      }
    }
    // Myelin is white matter's, iron the pallidum's.
    #expect(mean(found.diamagnetic, .whiteMatter) < 1.5 * mean(found.diamagnetic, .greyMatter))
    #expect(mean(found.paramagnetic, .globusPallidusExterna) > 4 * mean(found.paramagnetic, .greyMatter) / 2)
  }
}
