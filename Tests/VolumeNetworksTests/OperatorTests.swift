import NDArrays
import TestSupport
import Testing

@testable import VolumeNetworks

@Suite("Operators of networks, by what they should make of small arrays")
struct OperatorTests {
  /// Few channels are dense, more lie in blocks.
  @Test("A constant for each channel counts for each channel", arguments: [2, 3, 5, 20])
  func channels(count: Int) throws {
    let input = testPattern([1, count, 2, 3, 2]).map { $0.real }
    let offsets = (0..<count).map { 0.2 * Float($0) - 0.3 }
    let constants = ["offsets": ONNXTensor(offsets, shape: [1, count, 1, 1, 1])]
    for (kind, operands) in [
      ("Add", ["input", "offsets"]), ("Sub", ["input", "offsets"]), ("Sub", ["offsets", "input"]),
    ] {
      let result = try SmallGraph.result(
        [ONNXNode(kind, operands, ["sum"]), ONNXNode("Relu", ["sum"], ["output"])], constants: constants,
        of: input)
      let expected = input.elements.enumerated().map { index, value -> Float in
        let offset = offsets[index / 12]
        return max(
          kind == "Add" ? value + offset : operands[0] == "input" ? value - offset : offset - value, 0)
      }
      #expect(result.elements == expected, "\(kind) \(operands)")
    }
  }

  @Test("Arrays of different rank combine as if the missing axes were there", arguments: [3, 16, 20])
  func ranks(channels: Int) throws {
    let input = testPattern([1, channels, 3, 4, 5]).map { $0.real }
    let nodes = [
      ONNXNode("Abs", ["input"], ["whole"]),
      ONNXNode("Squeeze", ["input"], ["less"], attributes: ["axes": .ints([0])]),
    ]
    for operands in [["whole", "less"], ["less", "whole"]] {
      let result = try SmallGraph.result(nodes + [ONNXNode("Add", operands, ["output"])], of: input)
      #expect(result.shape == input.shape)
      #expect(result.elements == input.elements.map { abs($0) + $0 })
    }
  }

  @Test("A rectifier makes zero of minus infinity, and leaves what is no number")
  func rectifier() throws {
    let values: [Float] = [-.infinity, -1, 0, 2, .nan]
    // More and fewer than sixteen at a time.
    let input = NDArray((0..<20).map { values[$0 % 5] }, shape: [1, 1, 1, 4, 5])
    let result = try SmallGraph.result([ONNXNode("Relu", ["input"], ["output"])], of: input).elements
    for (index, value) in result.enumerated() {
      #expect(index % 5 == 4 ? value.isNaN : value == [0, 0, 0, 2][index % 5], "\(index)")
    }
  }

  @Test("Quotients by numbers whose inverse is infinite are finite", arguments: [3, 4])
  func tinyDivisors(channels: Int) throws {
    let input = testPattern([1, channels, 1, 2, 3]).map { 1e-30 * $0.real }
    let tiny = Float.leastNormalMagnitude / 8
    let single = ONNXTensor([tiny], shape: [])
    let several = ONNXTensor([Float](repeating: tiny, count: channels), shape: [channels, 1, 1, 1])
    for divisor in [single, several] {
      let result = try SmallGraph.result(
        [ONNXNode("Div", ["input", "divisor"], ["output"])], constants: ["divisor": divisor], of: input)
      #expect(result.elements == input.elements.map { $0 / tiny })
    }
  }
}
