import CConvolution
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import ReconNet

@Suite("ReconNet3D equals its definition in double precision")
struct OracleTests {
  private func error(
    _ weights: ReconNetWeights, _ matrix: Extents, path: convolution_path = convolution_best_path()
  ) throws -> Double {
    let scan = randomScan(matrix)
    let image = try ReconNet3D(weights, path: path)(scan).channel(0).elements
    let expected = DoubleNetwork(weights: weights).image(
      of: scan.volume(echo: 0, channel: 0), mask: scan.masks[0])
    let largest = expected.map(\.length).max() ?? 0
    let worst = zip(image, expected).map { (Complex(Double($0.real), Double($0.imaginary)) - $1).length }
      .max()
    return (worst ?? .infinity) / largest
  }

  @Test("with 32 and 64 features, on every instruction set", arguments: [32, 64], convolutionPaths)
  func wholeNetwork(features: Int, path: convolution_path) throws {
    let weights = ReconNetWeights.random(features: features, consistency: .weighted(2))
    #expect(try error(weights, Extents(x: 5, y: 7, z: 6), path: path) < 1e-5)
  }

  @Test(
    "for any extents",
    arguments: [
      Extents(x: 1, y: 9, z: 5), Extents(x: 11, y: 1, z: 7), Extents(x: 6, y: 13, z: 1),
      Extents(x: 1, y: 1, z: 3),
      Extents(x: 17, y: 5, z: 4), Extents(x: 10, y: 8, z: 12), Extents(x: 2, y: 2, z: 2),
    ])
  func extents(matrix: Extents) throws {
    for consistency in [DataConsistency.noiseless, .weighted(0.5), .weighted(0)] {
      let weights = ReconNetWeights.random(features: 5, blocks: 2, consistency: consistency)
      #expect(try error(weights, matrix) < 1e-5, "\(consistency)")
    }
  }

  @Test("for blocks of any length, residual or not, with any slope", arguments: [2, 3, 4, 6], [true, false])
  func structure(layers: Int, isResidual: Bool) throws {
    for slope: Float in [0, 0.2, 1] {
      let weights = ReconNetWeights.random(
        features: 9, blocks: 2, layers: layers, negativeSlope: slope, isResidual: isResidual)
      #expect(try error(weights, Extents(x: 9, y: 6, z: 5)) < 1e-5)
    }
  }
}
