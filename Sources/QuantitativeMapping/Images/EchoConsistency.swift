import Files
import Foundation
import MRIData
import NDArrays
import Numerics

/// What the phases of three or more echoes say of their signs and of the directions that they were read out in.
///
/// ```
/// g_k = d phase_k / dx = a + b t_k                              the field makes b, whatever receives the signal makes a
/// g_k = a + b t_k + (-1)^k r                                    r the same everywhere: every other echo read out backwards
/// g_k = s_k (a + b t_k),  s_k = -1 for some                     those echoes have the other sign
/// g_k = a + b t_p(k)                                            the echoes come in another order p than their times
/// ```
///
/// Gradients are those of blocks of 4 x 4 x 4 voxels, by the phase of the summed products of neighbours, so that wraps do
/// not count and noise counts little. Blocks without coherent phase, and those that turn by more than 2 rad from voxel to
/// voxel, are left out.
struct EchoConsistency {
  /// Echoes whose phase has the other sign than the rest, from 0; empty for none.
  let turned: [Int]
  /// The echoes in the order in which their phase grows, from 0, where it is another one than that of the echo times and
  /// explains the phase; `nil` where it does not.
  let order: [Int]?
  /// The axis along which phase alternates from echo to echo, and by how much over the volume [rad]; `nil` for none.
  let alternation: (axis: String, phase: Double)?
  /// The part of the phase's gradients that no field explains, where it is most of them; `nil` where it is not.
  let unexplained: Double?

  /// The gradients of one block along one axis.
  private struct Sample {
    let axis: Int
    let weight: Double
    var gradients: [Double]
  }

  private static let edge = 4

  /// Looks at echoes; `nil` for fewer than three, or too little signal to tell.
  init?(_ echoes: ImageVolumes<Complex<Float>>, echoTimes times: [Double]) {
    guard times.count >= 3, echoes.count == times.count else { return nil }
    var samples = Self.samples(echoes)
    guard samples.count >= 30 else { return nil }
    let line = Line(times)
    // What is the same everywhere does not count for the signs.
    var alternation: (axis: String, phase: Double)?
    for axis in 0..<3 {
      let own = samples.indices.filter { samples[$0].axis == axis }
      guard own.count >= 10 else { continue }
      let extent = echoes.geometry.matrix.shape[2 - axis]
      if let phase = line.alternation(own.map { samples[$0].gradients }), phase * Double(extent) > 0.5,
        phase * Double(extent) > alternation?.phase ?? 0
      {
        alternation = (["x", "y", "z"][axis], phase * Double(extent))
      }
      let weight = own.reduce(0) { $0 + samples[$1].weight }
      for echo in times.indices {
        let mean = own.reduce(0) { $0 + samples[$1].weight * samples[$1].gradients[echo] } / weight
        for index in own { samples[index].gradients[echo] -= mean }
      }
    }
    let weight = samples.reduce(0) { $0 + $1.weight }
    let energy = samples.reduce(0) { $0 + $1.weight * $1.gradients.reduce(0) { $0 + $1 * $1 } }
    func rest(_ turned: [Int]) -> Double {
      samples.reduce(0) { sum, sample in
        var gradients = sample.gradients
        for echo in turned { gradients[echo].negate() }
        return sum + sample.weight * line.rest(gradients).reduce(0) { $0 + $1 * $1 }
      }
    }
    let plain = rest([])
    let every = Array(stride(from: 1, to: times.count, by: 2))
    let candidates = times.indices.map { [$0] } + (every.count > 1 ? [every] : [])
    let best = candidates.map { (turned: $0, rest: rest($0)) }.min { $0.rest < $1.rest }
    let order = Self.order(samples.map { ($0.weight, $0.gradients) })
    let ordered = samples.reduce(0) { sum, sample in
      sum + sample.weight * line.rest(order.map { sample.gradients[$0] }).reduce(0) { $0 + $1 * $1 }
    }
    let isDoubtful = energy > 0 && plain > 0.02 * energy
    let isOrder = isDoubtful && order != Array(times.indices) && ordered < 0.25 * plain
    self.order = isOrder && ordered < best?.rest ?? .infinity ? order : nil
    if isDoubtful, self.order == nil, let best, best.rest < 0.25 * plain {
      turned = best.turned
    } else {
      turned = []
    }
    self.alternation = alternation
    unexplained = plain > 0.6 * energy && plain > 0.01 * weight ? plain / energy : nil
  }

  /// The echoes in the order in which their phase grows, or falls, whichever is nearer to their own.
  ///
  /// The gradients of most of the field are one shape that grows with time: the first principal component.
  private static func order(_ samples: [(weight: Double, gradients: [Double])]) -> [Int] {
    let count = samples.first?.gradients.count ?? 0
    var shape = [Double](repeating: 1, count: count)
    for _ in 0..<30 {
      var next = [Double](repeating: 0, count: count)
      for (weight, gradients) in samples {
        let amplitude = weight * zip(gradients, shape).reduce(0) { $0 + $1.0 * $1.1 }
        for echo in 0..<count { next[echo] += amplitude * gradients[echo] }
      }
      let norm = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm > 0, norm.isFinite else { break }
      shape = next.map { $0 / norm }
    }
    let rising = (0..<count).sorted { (shape[$0], $0) < (shape[$1], $1) }
    func displaced(_ order: [Int]) -> Int { order.indices.count { order[$0] != $0 } }
    return [rising, rising.reversed()].min { displaced($0) < displaced($1) } ?? rising
  }

  /// Refuses echoes of different signs, and such that come in another order than their times.
  func check(_ paths: [String]) throws(InputError) {
    if let order, let first = order.indices.first(where: { order[$0] != $0 }) {
      throw InputError(
        paths[paths.count > first ? first : 0],
        "the phase of the echoes grows in the order \(order.map { "\($0 + 1)" }.joined(separator: ", ")), and the echo times "
          + "in that of the files: they belong to other echoes",
        remedy: "Give the images in the order of their echo times (`echoTimes`)")
    }
    guard let first = turned.first else { return }
    let names = turned.map { "\($0 + 1)" }.joined(separator: ", ")
    throw InputError(
      paths[paths.count > first ? first : 0],
      "the phase of \(turned.count == 1 ? "echo" : "echoes") \(names) runs against that of the other echoes: it has the other "
        + "sign",
      remedy:
        "Write all echoes with one sign, which `phaseSign` states, and say where the readout alternates (ReadoutPolarity in "
        + "the sidecars)")
  }

  /// What the user must look at, one sentence each.
  ///
  /// - Parameter isBipolar: Whether it is known that the readout alternates.
  func warnings(isBipolar: Bool) -> [String] {
    if let alternation, !isBipolar {
      return [
        "The phase alternates from echo to echo by a ramp along \(alternation.axis) (\(alternation.phase.rounded(1)) rad over "
          + "the volume), as of a readout in both directions that no sidecar states: check the polarity of the readouts "
          + "(ReadoutPolarity in the sidecars, or `isBipolar`) and the sign of the echoes (`phaseSign`)."
      ]
    }
    guard let unexplained else { return [] }
    return [
      "No field explains \(Int((100 * unexplained).rounded())) % of how phase differs from voxel to voxel: check the echo "
        + "times, the polarity of the readouts (ReadoutPolarity in the sidecars) and the sign of the echoes (`phaseSign`)."
    ]
  }

  private static func samples(_ echoes: ImageVolumes<Complex<Float>>) -> [Sample] {
    let matrix = echoes.geometry.matrix, extents = [matrix.x, matrix.y, matrix.z]
    let steps = [1, matrix.x, matrix.x * matrix.y]
    let blocks = extents.map { ($0 + edge - 1) / edge }
    let count = blocks.reduce(1, *)
    var samples: [Sample] = []
    for axis in 0..<3 where extents[axis] > 1 {
      // Real part, imaginary part and moduli of the products.
      var sums = [SIMD4<Float>](repeating: .zero, count: count * echoes.count)
      echoes.voxels.withUnsafeBufferPointer { values in
        for echo in 0..<echoes.count {
          for z in 0..<matrix.z - (axis == 2 ? 1 : 0) {
            for y in 0..<matrix.y - (axis == 1 ? 1 : 0) {
              let row = ((echo * matrix.z + z) * matrix.y + y) * matrix.x
              let block = ((echo * blocks[2] + z / edge) * blocks[1] + y / edge) * blocks[0]
              for x in 0..<matrix.x - (axis == 0 ? 1 : 0) {
                let first = values[row + x], second = values[row + x + steps[axis]]
                let real = first.real * second.real + first.imaginary * second.imaginary
                let imaginary = first.real * second.imaginary - first.imaginary * second.real
                sums[block + x / edge] += SIMD4(
                  real, imaginary, (real * real + imaginary * imaginary).squareRoot(), 0)
              }
            }
          }
        }
      }
      for block in 0..<count {
        let own = (0..<echoes.count).map { sums[$0 * count + block] }
        let lengths = own.map { ($0.x * $0.x + $0.y * $0.y).squareRoot() }
        guard zip(own, lengths).allSatisfy({ $0.z > 0 && $0.z.isFinite && $1 > 0.5 * $0.z }) else { continue }
        let gradients = own.map { Double(atan2($0.y, $0.x)) }
        guard gradients.allSatisfy({ abs($0) < 2 }) else { continue }
        samples.append(Sample(axis: axis, weight: Double(lengths.min() ?? 0), gradients: gradients))
      }
    }
    return samples
  }

  /// Lines over echo times.
  private struct Line {
    /// An orthonormal basis of constants and lines.
    private let constant: Double
    private let slope: [Double]

    init(_ times: [Double]) {
      constant = 1 / Double(times.count).squareRoot()
      let mean = times.reduce(0, +) / Double(times.count)
      let norm = times.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
      slope = times.map { ($0 - mean) / norm }
    }

    /// What a line leaves of values.
    func rest(_ values: [Double]) -> [Double] {
      let level = values.reduce(0, +) * constant * constant
      let rise = zip(values, slope).reduce(0) { $0 + $1.0 * $1.1 }
      return zip(values, slope).map { $0 - level - rise * $1 }
    }

    /// The amplitude of what alternates from echo to echo, by the medians over blocks; `nil` where nothing does beyond
    /// what blocks scatter.
    func alternation(_ blocks: [[Double]]) -> Double? {
      let rests = blocks.map(rest)
      let middle = slope.indices.map { echo in rests.map { $0[echo] }.sorted()[rests.count / 2] }
      let amplitude = middle.map(abs).max() ?? 0
      guard amplitude > 0, let echo = middle.firstIndex(where: { abs($0) == amplitude }) else { return nil }
      let scatter = rests.map { abs($0[echo] - middle[echo]) }.sorted()[rests.count / 2]
      let alternates = zip(middle, middle.dropFirst()).allSatisfy { $0 * $1 < 0 }
      return alternates && amplitude > 7.5 * scatter / Double(rests.count).squareRoot() ? amplitude : nil
    }
  }
}
