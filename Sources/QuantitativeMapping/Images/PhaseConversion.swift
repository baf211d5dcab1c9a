import MRIData
import NDArrays

/// The conversion of stored values to radians: `(value - offset) pi / half`.
struct PhaseConversion: Equatable {
  var offset: Float = 0
  var half: Float
  /// What the values were taken for, in words.
  let explanation: String

  /// Radians as they are.
  static let radians = PhaseConversion(half: Float(Double.pi), explanation: "radians")

  /// Recognizes the range of wrapped phase.
  ///
  /// Wrapped phase of a volume with background fills its range to the ends; values that lie within one of the known
  /// ranges and fill nine tenths of it are taken for it.
  init?(range: ClosedRange<Float>, areWhole: Bool) {
    let pi = Float(Double.pi), lowest = range.lowerBound, highest = range.upperBound
    func fills(_ low: Float, _ high: Float) -> Bool {
      let slack = 0.02 * (high - low)
      return lowest >= low - slack && highest <= high + slack && highest - lowest >= 0.9 * (high - low)
    }
    let known: [(low: Float, high: Float, conversion: PhaseConversion)] = [
      (-pi, pi, .radians), (0, 2 * pi, PhaseConversion(half: pi, explanation: "radians from 0 to 2 pi")),
      (-4096, 4095, PhaseConversion(half: 4096, explanation: "Siemens' integers, 4096 for pi")),
      (
        0, 4095,
        PhaseConversion(offset: 2048, half: 2048, explanation: "integers from 0 to 4095, 2048 for zero")
      ),
      (-2048, 2047, PhaseConversion(half: 2048, explanation: "integers, 2048 for pi")),
      (
        -1000 * pi, 1000 * pi,
        PhaseConversion(half: 1000 * pi, explanation: "thousandths of radians (Philips, GE)")
      ),
      (-32768, 32767, PhaseConversion(half: 32768, explanation: "16-bit integers, 32768 for pi")),
      (0, 65535, PhaseConversion(offset: 32768, half: 32768, explanation: "16-bit integers, 32768 for zero")),
      (-180, 180, PhaseConversion(half: 180, explanation: "degrees")),
      (0, 360, PhaseConversion(half: 180, explanation: "degrees from 0 to 360")),
      (-1, 1, PhaseConversion(half: 1, explanation: "fractions of pi")),
    ]
    // The ranges of 4096, 1000 pi and 2048 do not overlap within what is asked of them.
    let found = known.filter { fills($0.low, $0.high) }
    guard let best = found.first(where: { areWhole || $0.high != 4095 && $0.high != 2047 }) ?? found.first
    else {
      return nil
    }
    self = best.conversion
  }

  init(offset: Float = 0, half: Float, explanation: String) {
    self.offset = offset
    self.half = half
    self.explanation = explanation
  }

  /// Whether the values are radians, of whatever turn.
  var isOfRadians: Bool { half == Self.radians.half }

  /// Whether a unit, as a sidecar has it, is that of the values.
  func isCalled(_ unit: String) -> Bool {
    switch unit.lowercased().filter({ !$0.isWhitespace }) {
    case "deg", "degree", "degrees", "\u{B0}": half == 180
    case "mrad", "milliradian", "milliradians": abs(half - 1000 * Self.radians.half) < 1
    default: false
    }
  }

  /// The values in radians.
  func callAsFunction(_ volumes: ImageVolumes<Float>) -> ImageVolumes<Float> {
    let pi = Float(Double.pi)
    if offset == 0, half == pi { return volumes }
    return volumes.map { ($0 - offset) / half * pi }
  }
}

extension ImageVolumes<Float> {
  /// The least and the largest finite value; `nil` if there are none, or only one.
  var finiteRange: ClosedRange<Float>? {
    voxels.withUnsafeBufferPointer { values in
      var low = Float.infinity, high = -Float.infinity
      for value in values where value.isFinite {
        low = min(low, value)
        high = max(high, value)
      }
      return low < high ? low...high : nil
    }
  }

  /// Whether all finite values are whole numbers.
  var areWhole: Bool {
    voxels.withUnsafeBufferPointer { values in values.allSatisfy { !$0.isFinite || $0 == $0.rounded() } }
  }
}
