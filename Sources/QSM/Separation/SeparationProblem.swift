import MRIData
import NDArrays
import PhaseUnwrapping

/// Two kinds of sources on the mask's box, which has a rim of one voxel so that every voxel has neighbours.
///
/// The smooth problem of ``SourceSeparation`` is solved by the primal-dual method: the dual variables, a gradient's worth for
/// each kind, climb within balls of the weight's radius, both kinds' in one; sources descend and are then the best for their data,
/// in closed form.
///
/// - SeeAlso: A. Chambolle, T. Pock, "A first-order primal-dual algorithm for convex problems with applications to
///   imaging", J Math Imaging Vis 40:120, 2011, doi:10.1007/s10851-010-0251-1.
struct SeparationProblem {
  /// The number of voxels with sources.
  private(set) var count = 0
  /// The number of them whose rate is negative or not finite.
  private(set) var withoutRate = 0

  private let matrix: Extents
  /// Where the box begins in the volume, and its extents with the rim.
  private let origin: SIMD3<Int>, box: SIMD3<Int>
  /// 1 where sources are.
  private var inside: [Float]
  /// `chi`, then `chi + zero` [ppm].
  private var difference: [Float]
  /// `R2' / r` [ppm], and its weight relative to that of the difference.
  private var sum: [Float], weight: [Float]
  /// How far each voxel goes with the next one, `[direction, z, y, x]`: 1, less across edges, 0 at the border.
  private var coupling: [Float]
  private var positive = Source([]), negative = Source([])

  /// One kind.
  private struct Source {
    var values: [Float]
    /// The values, extrapolated by the last step.
    var ahead: [Float]
    /// The dual variables, `[direction, z, y, x]`.
    var dual: [Float]

    init(_ values: [Float]) {
      self.values = values
      ahead = values
      dual = Array(repeating: 0, count: 3 * values.count)
    }
  }

  /// A rate below this cannot be noise alone, and tells nothing [ppm].
  private static let leastSum: Float = -0.1

  /// Edges of an image, where sources may change.
  struct Edges {
    /// The image.
    var magnitude: NDArray<Float>
    /// What finds its edges, by their slope [1/mm].
    var weights: EdgeWeights
    var voxelSize: SIMD3<Double>
    /// How far the voxels of both sides go with each other.
    var coupling: Float
    /// How far the rates of both are believed.
    var trust: Float
  }

  init(
    _ susceptibility: NDArray<Float>, sum rates: NDArray<Float>, trust: NDArray<Float>?, edges: Edges?,
    mask: NDArray<UInt8>, matrix: Extents
  ) {
    self.matrix = matrix
    let chi = susceptibility.elements, rates = rates.elements, mask = mask.elements
    let trust = trust?.elements
    var (low, high) = (SIMD3(matrix.x, matrix.y, matrix.z), SIMD3(repeating: -1))
    var voxel = 0
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x {
          if mask[voxel] != 0, chi[voxel].isFinite {
            low = pointwiseMin(low, SIMD3(x, y, z))
            high = pointwiseMax(high, SIMD3(x, y, z))
            count += 1
          }
          voxel += 1
        }
      }
    }
    origin = count > 0 ? low : .zero
    box = count > 0 ? high &- low &+ 3 : .zero
    let size = box.x * box.y * box.z
    inside = Array(repeating: 0, count: size)
    difference = inside
    sum = inside
    weight = inside
    coupling = []
    forEachRow { row, start, length in
      for x in 0..<length where mask[start + x] != 0 && chi[start + x].isFinite {
        inside[row + x] = 1
        difference[row + x] = chi[start + x]
        let rate = rates[start + x]
        withoutRate += rate.isFinite && rate >= 0 ? 0 : 1
        guard rate.isFinite, rate > Self.leastSum else { continue }
        sum[row + x] = rate
        weight[row + x] = trust.map { $0[start + x].isFinite ? min(max($0[start + x], 0), 1) : 0 } ?? 1
      }
    }
    couple(edges)
  }

  /// Couples neighbours, those beyond edges less.
  private mutating func couple(_ edges: Edges?) {
    let size = inside.count, strides = [1, box.x, box.x * box.y], shape = [box.z, box.y, box.x]
    coupling = Array(repeating: 0, count: 3 * size)
    for (axis, stride) in strides.enumerated() {
      for voxel in 0..<max(0, size - stride) where inside[voxel] != 0 {
        coupling[axis * size + voxel] = inside[voxel + stride]
      }
    }
    guard let edges, count > 0 else { return }
    var magnitude = Array(repeating: Float(0), count: size)
    let values = edges.magnitude.elements
    forEachRow { row, start, length in
      for x in 0..<length { magnitude[row + x] = values[start + x] }
    }
    let factors = edges.weights.factors(
      of: NDArray(magnitude, shape: shape), mask: NDArray(inside.map { $0 != 0 }, shape: shape),
      voxelSize: edges.voxelSize
    ).elements
    var hasEdge = Array(repeating: false, count: size)
    for (axis, stride) in strides.enumerated() {
      for voxel in 0..<max(0, size - stride) where factors[axis * size + voxel] == 0 {
        coupling[axis * size + voxel] *= edges.coupling
        (hasEdge[voxel], hasEdge[voxel + stride]) = (true, true)
      }
    }
    for voxel in 0..<size where hasEdge[voxel] { weight[voxel] *= edges.trust }
  }

  /// Calls a closure with where a row lies in the box and in the volume, and its length.
  private func forEachRow(_ body: (_ row: Int, _ start: Int, _ length: Int) -> Void) {
    for z in 0..<max(box.z - 2, 0) {
      for y in 0..<(box.y - 2) {
        body(
          ((z + 1) * box.y + y + 1) * box.x + 1,
          ((origin.z + z) * matrix.y + origin.y + y) * matrix.x + origin.x, box.x - 2)
      }
    }
  }

  /// The zero of the map for which susceptibility exceeds what the rate allows least, in the mean square [ppm].
  ///
  /// The excess is convex in the zero, so that halving the range in which its slope changes sign finds it.
  func leastViolation() -> Double {
    func slope(_ zero: Float) -> Double {
      var total = 0.0
      for voxel in inside.indices where weight[voxel] > 0 {
        let value = difference[voxel] + zero
        let excess = abs(value) - max(sum[voxel], 0)
        if excess > 0 { total += Double(weight[voxel] * (value < 0 ? -excess : excess)) }
      }
      return total
    }
    let begin = slope(0)
    guard begin != 0 else { return 0 }
    var (low, high) = begin > 0 ? (-Self.largestZero, Float(0)) : (Float(0), Self.largestZero)
    for _ in 0..<16 {
      let middle = (low + high) / 2
      if slope(middle) > 0 { high = middle } else { low = middle }
    }
    return Double((low + high) / 2)
  }

  /// The noise that `R2' / r` shows, where it is known [ppm].
  var sumDeviation: Double {
    let shape = [box.z, box.y, box.x]
    return FieldDeviation.estimate(
      NDArray(sum, shape: shape), mask: NDArray(weight.map { $0 > 0 }, shape: shape))
  }

  /// No tissue that fills a head lies farther from water [ppm].
  private static let largestZero: Float = 0.1

  /// Gives every voxel the sources that are best for its own data.
  ///
  /// - Parameters:
  ///   - zero: What is added to the susceptibility [ppm].
  ///   - rateWeight: The weight of `R2' / r` relative to that of the susceptibility.
  mutating func begin(zero: Float, rateWeight: Float) {
    var (first, second) = (inside, inside)
    for voxel in inside.indices where inside[voxel] != 0 {
      difference[voxel] += zero
      weight[voxel] *= rateWeight
      let chi = difference[voxel]
      // Where no rate is known, only the weaker kind's absence can be told.
      let isKnown = weight[voxel] > 0 && sum[voxel] >= 0
      let total = isKnown ? sum[voxel] : abs(chi), share = isKnown ? weight[voxel] : 1
      (first[voxel], second[voxel]) = Self.bounded(
        (total + chi) / 2, (total - chi) / 2, (chi + share * total) / (1 + share),
        (share * total - chi) / (1 + share))
    }
    (positive, negative) = (Source(first), Source(second))
  }

  /// A pair that is not negative: the best pair, or the best of one kind alone.
  @inline(__always)
  private static func bounded(_ p: Float, _ d: Float, _ pAlone: Float, _ dAlone: Float) -> (Float, Float) {
    if d < 0, p >= d { return (max(pAlone, 0), 0) }
    if p < 0 { return (0, max(dAlone, 0)) }
    return (p, d)
  }

  /// Both kinds, in the volume.
  func parts() -> (paramagnetic: NDArray<Float>, diamagnetic: NDArray<Float>) {
    func volume(_ values: [Float]) -> NDArray<Float> {
      var result = NDArray<Float>(repeating: 0, shape: [1] + matrix.shape)
      result.withUnsafeMutableBufferPointer { result in
        forEachRow { row, start, length in
          for x in 0..<length { result[start + x] = values[row + x] }
        }
      }
      return result
    }
    return (volume(positive.values), volume(negative.values.map { 0 - $0 }))
  }

  /// Lets neighbours share what they have.
  ///
  /// - Parameters:
  ///   - radius: The weight of the total variation relative to that of the susceptibility [ppm].
  ///   - iterations: The number of steps.
  mutating func smooth(_ radius: Float, iterations: Int) {
    guard radius > 0 else { return }
    let plane = box.x * box.y, size = inside.count, depth = box.z
    let steps = Steps(size: size, width: box.x, plane: plane, radius: radius)
    var (first, second) = (positive, negative)
    (positive, negative) = (Source([]), Source([]))
    withData { data in
      Self.withBuffers(&first) { first in
        Self.withBuffers(&second) { second in
          for _ in 0..<iterations {
            // The rim has neither sources nor neighbours beyond.
            Parallelism.forEach(depth - 1) { z in
              steps.climb(first, second, data, z * plane..<(z + 1) * plane)
            }
            Parallelism.forEach(depth - 2) { z in
              steps.descend(first, second, data, (z + 1) * plane..<(z + 2) * plane)
            }
          }
        }
      }
    }
    (positive, negative) = (first, second)
  }

  private func withData(_ body: (Data) -> Void) {
    inside.withUnsafeBufferPointer { inside in
      difference.withUnsafeBufferPointer { difference in
        sum.withUnsafeBufferPointer { sum in
          weight.withUnsafeBufferPointer { weight in
            coupling.withUnsafeBufferPointer { coupling in
              body(
                Data(
                  inside: SharedConstants(inside), difference: SharedConstants(difference),
                  sum: SharedConstants(sum), weight: SharedConstants(weight),
                  coupling: SharedConstants(coupling)))
            }
          }
        }
      }
    }
  }

  private static func withBuffers(_ source: inout Source, _ body: (Buffers) -> Void) {
    source.values.withUnsafeMutableBufferPointer { values in
      source.ahead.withUnsafeMutableBufferPointer { ahead in
        source.dual.withUnsafeMutableBufferPointer { dual in
          body(Buffers(values: SharedBuffer(values), ahead: SharedBuffer(ahead), dual: SharedBuffer(dual)))
        }
      }
    }
  }

  /// One kind, as planes of threads share it.
  private struct Buffers: Sendable {
    let values: SharedBuffer<Float>, ahead: SharedBuffer<Float>, dual: SharedBuffer<Float>
  }

  /// What all steps read.
  private struct Data: Sendable {
    let inside: SharedConstants<Float>, difference: SharedConstants<Float>
    let sum: SharedConstants<Float>, weight: SharedConstants<Float>, coupling: SharedConstants<Float>
  }

  /// Both steps of an iteration on some voxels.
  private struct Steps: Sendable {
    let size: Int, width: Int, plane: Int
    let radius: Float
    /// Both step lengths; the squared norm of the gradient is at most 12, and their product must stay below one over it.
    let length: Float = 0.28

    /// The dual variables' step.
    func climb(_ positive: Buffers, _ negative: Buffers, _ data: Data, _ range: Range<Int>) {
      guard let p = positive.ahead.elements.baseAddress, let pDual = positive.dual.elements.baseAddress,
        let d = negative.ahead.elements.baseAddress, let dDual = negative.dual.elements.baseAddress,
        let coupling = data.coupling.elements.baseAddress
      else { return }
      // The last voxel of a plane is one of the rim.
      for voxel in range.lowerBound..<range.upperBound - width {
        let (x, y, z) = (voxel, voxel + size, voxel + 2 * size)
        let (pHere, dHere) = (p[voxel], d[voxel])
        let alongX = length * coupling[x], alongY = length * coupling[y], alongZ = length * coupling[z]
        let px = pDual[x] + alongX * (p[voxel + 1] - pHere)
        let py = pDual[y] + alongY * (p[voxel + width] - pHere)
        let pz = pDual[z] + alongZ * (p[voxel + plane] - pHere)
        let dx = dDual[x] + alongX * (d[voxel + 1] - dHere)
        let dy = dDual[y] + alongY * (d[voxel + width] - dHere)
        let dz = dDual[z] + alongZ * (d[voxel + plane] - dHere)
        let squared = px * px + py * py + pz * pz + dx * dx + dy * dy + dz * dz
        let scale = radius / max(radius, squared.squareRoot())
        pDual[x] = scale * px
        pDual[y] = scale * py
        pDual[z] = scale * pz
        dDual[x] = scale * dx
        dDual[y] = scale * dy
        dDual[z] = scale * dz
      }
    }

    /// The sources' step.
    func descend(_ positive: Buffers, _ negative: Buffers, _ data: Data, _ range: Range<Int>) {
      guard let p = positive.values.elements.baseAddress, let pAhead = positive.ahead.elements.baseAddress,
        let d = negative.values.elements.baseAddress, let dAhead = negative.ahead.elements.baseAddress,
        let pDual = positive.dual.elements.baseAddress, let dDual = negative.dual.elements.baseAddress,
        let inside = data.inside.elements.baseAddress, let chi = data.difference.elements.baseAddress,
        let sum = data.sum.elements.baseAddress, let weight = data.weight.elements.baseAddress,
        let coupling = data.coupling.elements.baseAddress
      else { return }
      let inverse = 1 / length
      // What the dual variables of both sides of a voxel add to it.
      func divergence(_ dual: UnsafeMutablePointer<Float>, _ x: Int) -> Float {
        let y = x + size, z = x + 2 * size
        return coupling[x] * dual[x] - coupling[x - 1] * dual[x - 1] + coupling[y] * dual[y]
          - coupling[y - width] * dual[y - width] + coupling[z] * dual[z] - coupling[z - plane]
          * dual[z - plane]
      }
      for voxel in range where inside[voxel] != 0 {
        let a = p[voxel] + length * divergence(pDual, voxel)
        let b = d[voxel] + length * divergence(dDual, voxel)
        let chi = chi[voxel], w = weight[voxel], total = w * sum[voxel]
        let u = (a - b + 2 * length * chi) / (1 + 2 * length)
        let v = (a + b + 2 * length * total) / (1 + 2 * length * w)
        let share = 1 / (1 + w + inverse)
        let (nextP, nextD) = SeparationProblem.bounded(
          (v + u) / 2, (v - u) / 2, (chi + total + inverse * a) * share, (total - chi + inverse * b) * share)
        pAhead[voxel] = 2 * nextP - p[voxel]
        dAhead[voxel] = 2 * nextD - d[voxel]
        p[voxel] = nextP
        d[voxel] = nextD
      }
    }
  }
}
