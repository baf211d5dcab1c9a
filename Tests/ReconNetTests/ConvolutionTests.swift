import CConvolution
import NDArrays
import Testing

/// The instruction sets that this machine has.
let convolutionPaths = (0...convolution_best_path().rawValue).map { convolution_path($0) }

@Suite("Convolution kernels")
struct ConvolutionTests {
  static let shapes = [
    [1, 1, 1], [1, 9, 5], [6, 1, 1], [4, 4, 4], [9, 10, 7], [7, 13, 12], [5, 6, 2], [3, 30, 9], [17, 5, 1],
  ]

  @Test(
    "equal the definition on every instruction set",
    arguments: convolutionPaths, [3, 8, 16, 24, 32, 48, 64, 80])
  func equalDefinition(path: convolution_path, features: Int) {
    for shape in Self.shapes {
      let case_ = LayerCase(shape: shape, features: features, path: path)
      // Rounding of products and transforms, relative to the largest output; sums have 27 * features terms.
      #expect(case_.firstError < 1e-6, "first layer, \(shape)")
      #expect(case_.hiddenError < 4e-6, "hidden layer, \(shape)")
      #expect(case_.lastError < 4e-6, "last layer, \(shape)")
    }
  }

  @Test("take layers of unequal widths", arguments: convolutionPaths)
  func unequalWidths(path: convolution_path) {
    for (inputs, outputs) in [(5, 70), (70, 5), (16, 32), (33, 17)] {
      let hidden = LayerCase(shape: [6, 9, 5], features: inputs, outputs: outputs, path: path)
      #expect(hidden.hiddenError < 4e-6, "\(inputs) to \(outputs)")
    }
  }

  @Test("give the same bits however a layer is divided", arguments: convolutionPaths)
  func division(path: convolution_path) {
    let layer = LayerCase(shape: [6, 11, 13], features: 24, path: path)
    for cut in [2, 4, 10] { #expect(layer.hidden(cut: cut) == layer.hidden(cut: nil)) }
  }

  @Test("keep a weight on one tap as a shift", arguments: convolutionPaths)
  func singleTap(path: convolution_path) {
    // A kernel that copies the voxel before along z and after along x, in double precision's exact numbers.
    var layer = LayerCase(shape: [5, 6, 7], features: 4, path: path)
    layer.hiddenWeights = NDArray(repeating: 0, shape: [4, 4, 3, 3, 3])
    for channel in 0..<4 { layer.hiddenWeights[channel, channel, 0, 1, 2] = 1 }
    layer.bias = NDArray(repeating: 0, shape: [4])
    layer.slope = 1
    let result = layer.hidden(cut: nil)
    var worst: Float = 0
    for z in 0..<5 {
      for y in 0..<6 {
        for x in 0..<7 {
          for channel in 0..<4 {
            let expected = z == 0 || x == 6 ? 0 : layer.features[z - 1, y, x + 1, channel]
            worst = max(worst, abs(result[z, y, x, channel] - expected))
          }
        }
      }
    }
    #expect(worst < 2e-6)
  }
}
