/// The constants of single-precision phase, rounded to nearest; `Float.pi` is rounded towards zero.
package enum Turn {
  /// Half a turn.
  package static let half = Float(Double.pi)
  /// A turn.
  package static let full = Float(2 * Double.pi)
}

/// Eight voxels in a row.
typealias Voxels = SIMD8<Float>

// Adding and subtracting 1.5 * 2^23 rounds to nearest, ties to even, without a call of the mathematical library;
// ties are then moved away from zero. Numbers beyond four million do not occur: they are turns of a phase.
private let roundingShift: Float = 12_582_912

/// The nearest whole number; halves go away from zero.
@inline(__always)
func roundedAway(_ value: Float) -> Float {
  let even = (value + roundingShift) - roundingShift, rest = value - even
  if rest == 0.5, value > 0 { return even + 1 }
  if rest == -0.5, value < 0 { return even - 1 }
  return even
}

/// The nearest whole numbers; halves go away from zero.
@inline(__always)
func roundedAway(_ value: Voxels) -> Voxels {
  let even = (value + roundingShift) - roundingShift, rest = value - even
  return
    even
    .replacing(with: even + 1, where: (rest .== 0.5) .& (value .> 0))
    .replacing(with: even - 1, where: (rest .== -0.5) .& (value .< 0))
}

/// A phase moved by whole turns next to another.
@inline(__always)
func unwrapped(_ phase: Float, nextTo other: Float) -> Float {
  phase - Turn.full * roundedAway((phase - other) / Turn.full)
}

/// Phases moved by whole turns next to others.
@inline(__always)
func unwrapped(_ phase: Voxels, nextTo other: Voxels) -> Voxels {
  phase - Turn.full * roundedAway((phase - other) / Turn.full)
}
