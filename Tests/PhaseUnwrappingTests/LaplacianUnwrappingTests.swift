import MRIData
import NDArrays
import PhaseUnwrapping
import TestSupport
import Testing

@Suite("Laplacian unwrapping")
struct LaplacianUnwrappingTests {
  @Test("a phase without residues is recovered, around the wrapped one", arguments: PhaseVolumes.matrices)
  func smooth(matrix: Extents) {
    let truth = PhaseVolumes.smooth(matrix), phase = PhaseVolumes.wrapped(truth)
    let result = LaplacianUnwrapping()(phase, voxelSize: [0.8, 1.1, 2])
    // Single precision of sums over a line, squared condition of the Poisson equation's lowest mode.
    #expect(PhaseVolumes.distance(result, truth) < 2e-3)
    let turns = zip(result.elements, phase.elements).map { ($0 - $1) / turn }
    #expect(turns.allSatisfy { abs($0 - $0.rounded()) < 1e-3 })
  }

  @Test("NaN and what is outside the mask become zero, and nothing else does")
  func holes() {
    let matrix = Extents(x: 12, y: 9, z: 7)
    var phase = PhaseVolumes.wrapped(PhaseVolumes.smooth(matrix))
    phase[3, 4, 5] = .nan
    let mask = NDArray((0..<matrix.count).map { $0 % matrix.x > 1 }, shape: matrix.shape)
    let result = LaplacianUnwrapping()(phase, voxelSize: [1, 1, 1], mask: mask)
    #expect(result.elements.allSatisfy { $0.isFinite })
    #expect(result[3, 4, 5] == 0 && result[1, 1, 0] == 0 && result[1, 1, 6] != 0)
  }
}
