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

  /// Differences that leave the mask tell nothing: taken for zero, they flatten a ramp in a ball to less than half.
  @Test("a ramp keeps its slope within a ball, and every part lies around its phase", arguments: [1.0, 2.5])
  func ramps(depth: Double) {
    let matrix = Extents(x: 40, y: 32, z: 20), slope: Float = 0.4
    var truth: [Float] = [], isInside: [Bool] = []
    for index in 0..<matrix.count {
      let x = index % matrix.x - 14, y = index / matrix.x % matrix.y - 16,
        z = index / (matrix.x * matrix.y) - 10
      let isInBall = Double(x * x + y * y) + depth * depth * Double(z * z) < 13 * 13
      truth.append(slope * Float(x))
      isInside.append(isInBall || x > 20)
    }
    let mask = NDArray(isInside, shape: matrix.shape)
    let phase = PhaseVolumes.wrapped(NDArray(truth, shape: matrix.shape))
    let result = LaplacianUnwrapping()(phase, voxelSize: [1, 1, depth], mask: mask).elements
    for isInBall in [true, false] {
      var sum = 0.0, square = 0.0, places: [Int] = []
      for index in truth.indices where isInside[index] && (index % matrix.x <= 34) == isInBall {
        places.append(index)
      }
      let middle = places.reduce(0) { $0 + Double($1 % matrix.x) } / Double(places.count)
      for place in places {
        let distance = Double(place % matrix.x) - middle
        sum += distance * Double(result[place])
        square += distance * distance
      }
      #expect(abs(sum / square - Double(slope)) < 1e-3 * Double(slope), "\(sum / square)")
      let turns = places.map { (result[$0] - phase.elements[$0]) / turn }
      #expect(turns.allSatisfy { abs($0 - $0.rounded()) < 1e-3 })
    }
  }
}
