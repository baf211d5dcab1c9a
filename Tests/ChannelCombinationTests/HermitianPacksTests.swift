import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Testing

@testable import ChannelCombination

@Suite struct HermitianPacksTests {
  /// The entries of the matrix of one voxel.
  private func entries(_ gram: EchoGramMatrix, voxel: Int) -> [[Complex<Float>?]] {
    let layout = gram.layout, packs = gram.packs.elements
    var result = [[Complex<Float>?]](
      repeating: Array(repeating: nil, count: layout.order), count: layout.order)
    let start = voxel / 8 * layout.stride * 8 + voxel % 8
    layout.forEachEntry { row, column, offset in
      let real = packs[start + offset * 8]
      result[row][column] = Complex(real, row == column ? 0 : packs[start + (offset + 1) * 8])
    }
    return result
  }

  @Test(arguments: [nil, 0, 1, 3]) func gramMatrixEqualsItsDefinition(_ bandwidth: Int?) throws {
    let simulation = Simulation(
      matrix: Extents(x: 5, y: 3, z: 1), channels: 7, echoTimes: Simulation.protocolTimes(5), sigma: 0.3)
    let voxels = simulation.voxels
    let gram = try EchoGramMatrix(simulation.images, bandwidth: bandwidth)
    for voxel in 0..<15 {
      let matrix = entries(gram, voxel: voxel)
      for row in 0..<5 {
        for column in 0...row {
          var expected = Complex<Double>.zero
          for channel in 0..<7 {
            let left = voxels[row, channel, 0, voxel / 5, voxel % 5]
            let right = voxels[column, channel, 0, voxel / 5, voxel % 5]
            expected +=
              Complex(Double(left.real), Double(left.imaginary))
              * Complex(Double(right.real), -Double(right.imaginary))
          }
          guard row - column <= bandwidth ?? 4 else {
            #expect(matrix[row][column] == nil)
            continue
          }
          let value = try #require(matrix[row][column])
          let error = (Complex(Double(value.real), Double(value.imaginary)) - expected).length
          // Seven products and sums of numbers of the order of 1.
          #expect(error < 16 * Double(Float.ulpOfOne))
        }
      }
    }
  }

  @Test(arguments: [1, 2, 3, 8, 13]) func eigenvectorSatisfiesItsEquation(_ order: Int) {
    let layout = HermitianPacks(order: order)
    var generator = SeededGenerator(seed: UInt64(order))
    var pack = [Lanes](repeating: .zero, count: layout.stride)
    var real = [Lanes](repeating: .zero, count: order), imaginary = real
    // One strong sample in the noise of three; lane 2 stays zero, lane 5 is scaled far down.
    for sample in 0..<4 {
      for index in 0..<order {
        for lane in 0..<8 {
          let scale: Float = (sample == 0 ? 10 : 1) * (lane == 2 ? 0 : lane == 5 ? 1e-12 : 1)
          real[index][lane] = scale * Float(generator.normal())
          imaginary[index][lane] = scale * Float(generator.normal())
        }
      }
      layout.add(real: real, imaginary: imaginary, to: &pack)
    }
    var re = [Lanes](repeating: .zero, count: order), im = re
    let eigenvalues = layout.dominantEigenvector(pack, real: &re, imaginary: &im)
    let trace = layout.trace(pack)
    for lane in 0..<8 {
      let vector = (0..<order).map { Complex(re[$0][lane], im[$0][lane]) }
      guard lane != 2 else {
        #expect(vector.allSatisfy { $0 == .zero } && eigenvalues[lane] == 0)
        continue
      }
      var product = [Complex<Float>](repeating: .zero, count: order)
      layout.forEachEntry { row, column, offset in
        let entry = Complex(pack[offset][lane], row == column ? 0 : pack[offset + 1][lane])
        product[row] += entry * vector[column]
        if row != column { product[column] += entry.conjugate * vector[row] }
      }
      for row in 0..<order {
        let error = product[row] - vector[row].multiplied(by: eigenvalues[lane])
        #expect(error.length <= 1e-5 * trace[lane])
      }
      #expect(abs(vector.reduce(0) { $0 + $1.lengthSquared } - 1) < 1e-5)
      #expect(eigenvalues[lane] > 0.5 * trace[lane] && eigenvalues[lane] <= trace[lane] * (1 + 1e-5))
    }
  }
}
