/// What an edge between two voxels is judged by.
struct EdgeTerms {
  /// Phase coherence, gradient coherence, linearity, magnitude coherence, and the magnitude's size.
  var coherence = false, gradient = false, linearity = false, magnitude = false, size = false
  /// The ratio of the template's echo time to that of the second echo.
  var timeRatio: Float = 1
  /// Half of the magnitude's 95th percentile.
  var halfMagnitude: Float = 0

  init(_ weights: ROMEO.Weights) {
    coherence = true
    gradient = weights != .romeo2
    linearity = weights == .romeo || weights == .romeo6
    magnitude = true
    size = weights == .romeo6
  }
}

/// The values of eight neighbouring edges: their first voxels, their second ones, and the voxels before and behind.
struct EdgeValues {
  var phase = (Voxels.zero, Voxels.zero)
  var before = Voxels.zero
  var behind = Voxels.zero
  /// Lanes whose voxel before or behind lies outside of the volume.
  var isAtEnd = SIMDMask<SIMD8<Int32>>(repeating: false)
  var second = (Voxels.zero, Voxels.zero)
  var magnitude = (Voxels.zero, Voxels.zero)
  var noise = (Voxels.zero, Voxels.zero)
}

// The order of operations is that of the authors' method in single precision: another one would round differently and
// move edges between bins.
extension EdgeTerms {
  /// The weights of eight edges, 1 for the best and NaN where a value is missing.
  @inline(__always)
  func weights(_ edges: EdgeValues, hasSecond: Bool, hasMagnitude: Bool, hasNoise: Bool) -> Voxels {
    var weight = Voxels(repeating: 1)
    let step = Self.folded(edges.phase.0 - edges.phase.1)
    if coherence { weight *= Self.factor(1 - Self.size(of: step / Turn.half)) }
    if gradient, hasSecond {
      let other = Self.folded(edges.second.0 - edges.second.1)
      weight *= Self.factor(Self.notNegative(1 - Self.size(of: step - other * timeRatio)))
    }
    if linearity {
      let both =
        Self.linearity(edges.before, edges.phase.0, edges.phase.1)
        * Self.linearity(edges.phase.0, edges.phase.1, edges.behind)
      weight *= Self.factor(both.replacing(with: 0.9, where: edges.isAtEnd))
    }
    if hasMagnitude {
      let (first, second) = edges.magnitude
      let isRising = first .< second
      let small = second.replacing(with: first, where: isRising)
      let large = first.replacing(with: second, where: isRising)
      if magnitude {
        let ratio = small / large
        weight *= Self.factor(ratio * ratio)
      }
      if size {
        weight *= Self.factor(0.5 + 0.5 * Self.atMostOne(small / halfMagnitude))
        weight *= Self.factor(0.5 + 0.5 * Self.atMostOne(halfMagnitude / large))
      }
    }
    if hasNoise {
      let variance = edges.noise.0 * edges.noise.0 + edges.noise.1 * edges.noise.1
      weight *= Self.factor(Self.notNegative(1 - variance.squareRoot() / Turn.half))
    }
    return weight
  }

  @inline(__always)
  private static func factor(_ quality: Voxels) -> Voxels { 0.1 + 0.9 * quality }

  @inline(__always)
  private static func size(of value: Voxels) -> Voxels { value.replacing(with: -value, where: value .< 0) }

  @inline(__always)
  private static func notNegative(_ value: Voxels) -> Voxels {
    value.replacing(with: 0, where: value .< 0)
  }

  @inline(__always)
  private static func atMostOne(_ value: Voxels) -> Voxels { value.replacing(with: 1, where: value .> 1) }

  /// A difference of two phases, brought to a turn around zero if it is off by one.
  @inline(__always)
  static func folded(_ value: Voxels) -> Voxels {
    value.replacing(with: value + Turn.full, where: value .< -Turn.half)
      .replacing(with: value - Turn.full, where: value .> Turn.half)
  }

  /// How straight the phase runs over three voxels; a half where one is not a number.
  @inline(__always)
  private static func linearity(_ first: Voxels, _ middle: Voxels, _ last: Voxels) -> Voxels {
    let bend = first - 2 * middle + last
    let rest = bend - Turn.full * roundedAway(bend / Turn.full)
    let value = 1 - size(of: rest / 2)
    return notNegative(value).replacing(with: 0.5, where: value .!= value)
  }
}
