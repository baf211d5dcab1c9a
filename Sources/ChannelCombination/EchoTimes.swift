import MRIData
import Numerics

/// The echo times, as the fits need them.
struct EchoTimes: Sendable {
  /// The first echo time [s].
  let first: Float
  /// The times since the first echo [s].
  let delays: [Float]
  /// The shortest time between neighbouring echoes [s]; for equally spaced echoes, their mean spacing.
  let spacing: Float
  /// The range of frequencies that neighbouring echoes tell apart, one over ``spacing`` [Hz].
  let period: Double
  /// Whether the echoes are equally spaced, to 0.5 % of the spacing.
  let isUniform: Bool
  /// How many periods either way of the middle one unequal spacings tell apart: none where all are multiples of one.
  let turns: Int

  /// Checks the echo times of a scan.
  ///
  /// - Throws: ``CoilCombinationError`` if there are fewer than two or if they do not grow.
  init(_ parameters: ScanParameters) throws(CoilCombinationError) {
    let times = parameters.echoTimes
    guard times.count > 1, let first = times.first, let last = times.last else {
      throw .tooFewEchoes(times.count)
    }
    let spacings = zip(times.dropFirst(), times).map { $0 - $1 }
    // A time that nobody knows is no number, and in no order.
    guard times.allSatisfy(\.isFinite), let shortest = spacings.min(), shortest > 0 else {
      throw .echoTimesNotIncreasing(times)
    }
    let mean = (last - first) / Double(spacings.count)
    isUniform = spacings.allSatisfy { abs($0 - mean) <= 0.005 * mean }
    let spacing = isUniform ? mean : shortest
    self.spacing = Float(spacing)
    period = 1 / spacing
    self.first = Float(first)
    delays = times.map { Float($0 - first) }
    let areMultiples = times.allSatisfy { abs((($0 - first) / spacing).remainder(dividingBy: 1)) <= 0.005 }
    turns = areMultiples ? 0 : 2
  }

  /// The number of echoes.
  var count: Int { delays.count }

  /// A frequency brought into `(-period / 2, period / 2]`.
  func wrapped(_ frequency: Float) -> Float {
    let turns = frequency * spacing
    return (turns - (turns - 0.5).rounded(.up)) * Float(period)
  }

  /// A rate [1/s] brought into what single precision can tell.
  ///
  /// Of two neighbouring echoes, neither can be seen next to one that is `1 / eps` times larger: that bounds decay
  /// by `log(1 / eps)` per echo spacing, and growth by as much over all echoes. NaN stays.
  func bounded(_ rate: Float) -> Float {
    let limit = -Float.log(.ulpOfOne)
    return min(max(rate, -limit / delays[count - 1]), limit / spacing)
  }
}
