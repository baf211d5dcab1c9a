import MRIData
import NDArrays

/// The reliability of voxels by second differences of the phase, and the costs of edges from it.
///
/// ```
/// D_i^2 = sum over 13 pairs of opposite neighbours (g(phi_a - phi_i) - g(phi_i - phi_b))^2,    R = 1 / D
/// cost  = round(255 (1 - (R_i + R_j) / 10)), at least 1
/// ```
///
/// A pair that is incomplete, at the end of the volume or beside NaN, counts as half a turn.
///
/// - SeeAlso: H. S. Abdul-Rahman et al., "Fast and robust three-dimensional best path phase unwrapping algorithm",
///   Appl. Opt. 46(26):6623-6635, 2007, doi:10.1364/AO.46.006623.
struct BestPath {
  private let volumes: EdgeVolumes

  init(_ volumes: EdgeVolumes) { self.volumes = volumes }

  var costs: NDArray<UInt8> {
    let matrix = volumes.matrix, steps = volumes.steps, phase = volumes.phase, mask = volumes.mask
    let reliability = self.reliability.elements
    return NDArray(uninitializedShape: matrix.shape + [3]) { costs in
      costs.initialize(repeating: 0)
      for index in 0..<matrix.count where mask?[index] ?? true {
        let place = [index % matrix.x, index / matrix.x % matrix.y, index / (matrix.x * matrix.y)]
        for axis in 0..<3 where place[axis] + 1 < matrix[axis] {
          let other = index + steps[axis]
          guard phase[index].isFinite, phase[other].isFinite else { continue }
          let weight = min((reliability[index] + reliability[other]) / 10, 1)
          costs[3 * index + axis] = UInt8(max(((1 - weight) * 255).rounded(), 1))
        }
      }
    }
  }

  private var reliability: NDArray<Float> {
    let matrix = volumes.matrix, volumes = Shared(volumes)
    // One of each pair of opposite directions: the last 13 of 27 in memory order.
    let directions = (14..<27).map { SIMD3($0 % 3 - 1, $0 / 3 % 3 - 1, $0 / 9 - 1) }
    let extents = SIMD3(matrix.x, matrix.y, matrix.z)
    return NDArray(uninitializedShape: matrix.shape) { target in
      let target = SharedBuffer(target)
      Parallelism.forEach(matrix.z) { z in
        let phase = volumes.value.phase
        func difference(_ a: Float, _ b: Float) -> Float {
          EdgeTerms.folded(Voxels(repeating: a - b))[0]
        }
        for y in 0..<matrix.y {
          for x in 0..<matrix.x {
            let index = (z * matrix.y + y) * matrix.x + x
            var sum: Float = 0
            for step in directions {
              let ahead = SIMD3(x, y, z) &+ step, behind = SIMD3(x, y, z) &- step
              let isInside =
                all(ahead .>= 0) && all(behind .>= 0) && all(ahead .< extents) && all(behind .< extents)
              let offset = (step.z * matrix.y + step.y) * matrix.x + step.x
              let bend =
                isInside
                ? difference(phase[index - offset], phase[index])
                  - difference(phase[index], phase[index + offset])
                : Turn.half
              sum += bend.isFinite ? bend * bend : Turn.half * Turn.half
            }
            target[index] = 1 / sum.squareRoot()
          }
        }
      }
    }
  }
}
