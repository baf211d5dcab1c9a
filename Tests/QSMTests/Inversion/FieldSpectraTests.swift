import FourierTransforms
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import QSM

/// What a field tells of susceptibility and of errors, where both are known.
@Suite struct FieldSpectraTests {
  private static let matrix = Extents(x: 64, y: 60, z: 54)

  /// White susceptibility of unit variance, white errors of the deviation `errors`, and their field everywhere.
  private static func scene(
    susceptibility: Float = 1, errors: Float
  ) throws -> (grid: WorkingGrid, chi: NDArray<Float>, field: NDArray<Float>, dipole: NDArray<Float>) {
    let geometry = Geometry(matrix: matrix, voxelSize: [0.001, 0.0012, 0.0015])
    let empty = ImageVolumes(NDArray<Float>(repeating: 0, shape: [1] + matrix.shape), geometry: geometry)
    let grid = try WorkingGrid(field: empty, mask: empty.map { _ in 1 }, region: .wholeGrid)
    var generator = SeededGenerator(seed: 5)
    func noise(_ deviation: Float) -> NDArray<Float> {
      NDArray((0..<matrix.count).map { _ in deviation * Float(generator.normal()) }, shape: matrix.shape)
    }
    let chi = noise(susceptibility), kernel = DipoleKernel(grid)
    let field = kernel.field(of: chi).combined(with: noise(errors)) { $0 + $1 }
    return (grid, chi, field, kernel.factors)
  }

  @Test(arguments: [Float(0.05), 0.3]) func bothPowersAreFound(_ errors: Float) throws {
    let (grid, _, field, dipole) = try Self.scene(errors: errors)
    let spectra = FieldSpectra(field, dipole: dipole, on: grid)
    // The spectrum of white noise is its variance times the number of voxels.
    let scale = Double(Self.matrix.count), shells = spectra.errors.indices
    // The outermost shells are corners.
    for shell in shells.dropFirst(3).dropLast(3) {
      #expect(abs(spectra.susceptibility[shell] / scale - 1) < 0.15, "\(shell)")
      #expect(abs(spectra.errors[shell] / scale / Double(errors * errors) - 1) < 0.15, "\(shell)")
    }
    // <D^2 / (D^2 + n)> over all frequencies.
    let parts = dipole.elements.map { Double($0 * $0 / ($0 * $0 + errors * errors)) }
    let expected = parts.reduce(0, +) / Double(parts.count)
    #expect(abs(spectra.share - expected) < 0.03)
  }

  /// Among factors times a number, those of the spectra have the least error: 1 is the best number.
  @Test func linearEstimateIsTheBest() throws {
    let (grid, chi, field, dipole) = try Self.scene(errors: 0.2)
    let transform = RealFourierTransform(shape: Self.matrix.shape)
    var estimate = field, workspace = transform.makeWorkspace()
    let factors = FieldSpectra(field, dipole: dipole, on: grid).factors(dipole)
    transform.filter(&estimate, workspace: &workspace, by: factors)
    #expect(abs(estimate.dot(chi) / estimate.dot(estimate) - 1) < 0.02)
  }

  @Test func noiseAloneTellsNothing() throws {
    let (grid, _, field, dipole) = try Self.scene(susceptibility: 0, errors: 1)
    #expect(FieldSpectra(field, dipole: dipole, on: grid).share < 0.2)
    let nothing = NDArray<Float>(repeating: 0, shape: field.shape)
    let spectra = FieldSpectra(nothing, dipole: dipole, on: grid)
    #expect(spectra.share == 0)
    #expect(spectra.factors(dipole).withUnsafeBufferPointer { $0.allSatisfy { $0 == 0 } })
  }
}
