import Numerics

/// A random number generator whose sequence is fixed for ever: xoshiro256**, seeded by SplitMix64.
///
/// Equal seeds give equal bits on every platform and in every release. The toolkit never uses the standard
/// library's sampling functions, whose algorithms may change; ``uniform()`` and ``normal()`` are defined here.
///
/// - SeeAlso: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47(4):36, 2021,
///   doi:10.1145/3460772.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)
  private var spare: Double?

  /// Creates a generator; different streams of one seed are independent.
  ///
  /// Parallel loops give each unit of work its own stream, so that the result does not depend on the schedule.
  public init(seed: UInt64, stream: UInt64 = 0) {
    var mixer = seed ^ (stream &* 0xD1B5_4A32_D192_ED03)
    func next() -> UInt64 {
      mixer &+= 0x9E37_79B9_7F4A_7C15
      var z = mixer
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  init(state: (UInt64, UInt64, UInt64, UInt64)) {
    self.state = state
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
    let result = rotated(state.1 &* 5, 7) &* 9
    let t = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= t
    state.3 = rotated(state.3, 45)
    return result
  }

  /// A number in `[0, 1)` with 53 random bits.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A number in `[lower, upper)`.
  public mutating func uniform(in range: Range<Double>) -> Double {
    range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
  }

  /// An integer in `0..<bound`, without bias.
  ///
  /// - Precondition: The bound is positive.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0, "no integer lies in 0..<\(bound)")
    let bound = UInt64(bound)
    // Values under `2^64 mod bound` would make the small residues more likely.
    let threshold = (0 &- bound) % bound
    while true {
      let bits = next()
      if bits >= threshold { return Int(bits % bound) }
    }
  }

  /// A normal deviate of mean 0 and standard deviation 1 (Marsaglia's polar method).
  public mutating func normal() -> Double {
    if let deviate = spare {
      spare = nil
      return deviate
    }
    while true {
      let u = 2 * uniform() - 1
      let v = 2 * uniform() - 1
      let square = u * u + v * v
      guard square > 0, square < 1 else { continue }
      let factor = Double.sqrt(-2 * Double.log(square) / square)
      spare = v * factor
      return u * factor
    }
  }
}
