import FourierTransforms
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import ReconNet

@Suite("ReconNet3D equals PyTorch")
struct GoldenTests {
  @Test(
    "for the same weights, mask and samples", arguments: ["lambda", "noiseless", "relu"],
    ["9x11x7", "13x16x1", "1x24x5", "15x8x2"])
  func golden(network: String, shape: String) throws {
    let cases = try SafetensorsFile(at: Goldens.path("cases.safetensors"))
    func complex(_ name: String) throws -> NDArray<Complex<Float>> {
      let parts = try #require(try cases.tensor("\(network)/\(shape)/\(name)"))
      let values = parts.elements
      return NDArray(
        stride(from: 0, to: values.count, by: 2).map { Complex(values[$0], values[$0 + 1]) },
        shape: Array(parts.shape.dropLast()))
    }
    let flags = try #require(try cases.tensor("\(network)/\(shape)/mask"))
    var samples = try complex("samples")
    FourierTransform(shape: samples.shape, axes: [2]).forward(&samples)
    let scan = scan(
      samples.reshaped(to: [1, 1] + samples.shape), [SamplingMask(isAcquired: flags.map { $0 > 0 })])
    var weights = try ReconNetWeights(contentsOf: Goldens.path("weights.safetensors"))
    if network == "noiseless" { weights = weights.with(consistency: .noiseless, negativeSlope: 0.01) }
    if network == "relu" { weights = weights.with(consistency: .noiseless, negativeSlope: 0) }
    let image = try ReconNet3D(weights)(scan).channel(0).part(at: 0)
    // Single precision against PyTorch's double; PyTorch's own single precision is 2e-7 to 4e-7 off.
    #expect(relativeError(image, try complex("image")) < 2e-6)
  }

  @Test("and reads its weights without assumptions")
  func metadata() throws {
    let weights = try ReconNetWeights(contentsOf: Goldens.path("weights.safetensors"))
    #expect(weights.blocks.count == 5 && weights.layers == 5 && weights.features == 8)
    #expect(weights.blocks.map(\.consistency) == (1...5).map { .weighted(0.75 * Float($0)) })
    #expect(weights.negativeSlope == 0.01 && weights.isResidual && weights.assumptions.isEmpty)
  }
}
