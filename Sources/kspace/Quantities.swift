import ArgumentParser
import Foundation
import KSpaceToolkit

/// Units that users write, by what a number of them is in SI units.
private enum Units {
  static let times = [("us", 1e-6), ("ms", 1e-3), ("s", 1)]
  static let lengths = [("mm", 1e-3), ("cm", 1e-2), ("m", 1)]
  static let fields = [("mT", 1e-3), ("T", 1)]
}

/// Finite numbers between separators, with one unit behind the last; `nil` if anything else is written.
private func numbers(
  _ text: some StringProtocol, by separator: Character = ",", units: [(String, Double)] = [("", 1)]
) -> [Double]? {
  for (unit, factor) in units where text.hasSuffix(unit) {
    let words = text.dropLast(unit.count).split(separator: separator, omittingEmptySubsequences: false)
    let numbers = words.compactMap { Double($0) }.filter(\.isFinite)
    if numbers.count == words.count { return numbers.map { $0 * factor } }
  }
  return nil
}

/// A single positive number with its unit.
private func quantity(_ text: String, _ units: [(String, Double)]) -> Double? {
  numbers(text, units: units).flatMap { $0.count == 1 && $0[0] > 0 ? $0[0] : nil }
}

/// Echo times with their units, such as `3.3ms,6.4ms`.
struct EchoTimes: ExpressibleByArgument {
  let seconds: [Double]

  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    seconds = words.compactMap { quantity(String($0), Units.times) }
    guard seconds.count == words.count else { return nil }
  }
}

extension EchoTimes {
  /// Refuses times that do not rise, by the option's name.
  func checkOrder(_ option: String = "--echo-times") throws {
    guard let step = zip(seconds, seconds.dropFirst()).first(where: { $0 >= $1 }) else { return }
    throw ValidationError(
      String(
        format: "\(option): %g ms stands before %g ms; list the echoes' times as they rise.", step.0 * 1000,
        step.1 * 1000))
  }

  /// Refuses times that no echo has, and those that do not rise, by the option's name.
  func check(_ option: String = "--echo-times") throws {
    try checkOrder(option)
    guard let odd = seconds.first(where: { !ScanLimits.echoTime.contains($0) }) else { return }
    throw ValidationError(
      String(format: "\(option): %g ms is no echo time; 0.01 to 2000 ms are possible.", odd * 1000))
  }
}

/// A field strength with its unit, such as `3T`.
struct FieldStrength: ExpressibleByArgument {
  let tesla: Double

  init?(argument: String) {
    guard let value = quantity(argument, Units.fields) else { return nil }
    tesla = value
  }
}

extension FieldStrength {
  /// Refuses a field that no scanner has, by the option's name.
  func check(_ option: String = "--field-strength") throws {
    guard !ScanLimits.fieldStrength.contains(tesla) else { return }
    throw ValidationError(
      String(format: "\(option): %g T is no scanner's field; 0.01 to 25 T are possible.", tesla))
  }
}

/// A time with its unit, such as `30.2ms`.
struct TimeSpan: ExpressibleByArgument {
  let seconds: Double

  init?(argument: String) {
    guard let value = quantity(argument, Units.times) else { return nil }
    seconds = value
  }
}

extension TimeSpan {
  /// Refuses a repetition time that no scan has, by the option's name.
  func checkRepetition(_ option: String = "--tr") throws {
    guard !ScanLimits.repetitionTime.contains(seconds) else { return }
    throw ValidationError(
      String(format: "\(option): %g ms is no repetition time; 0.1 ms to 100 s are possible.", seconds * 1000))
  }
}

/// Three lengths with one unit, such as `256x192x144mm`.
struct Lengths: ExpressibleByArgument {
  let metres: SIMD3<Double>

  init?(argument: String) {
    guard let lengths = numbers(argument, by: "x", units: Units.lengths), lengths.count == 3,
      lengths.allSatisfy({ $0 > 0 })
    else { return nil }
    metres = SIMD3(lengths)
  }
}

extension Lengths {
  /// Refuses voxels that no scan has, by the option's name.
  ///
  /// - Parameter areSlices: Whether `z` may be the thickness of a slice or a slab, which nothing encodes.
  func checkVoxels(_ option: String = "--voxel-size", areSlices: Bool = false) throws {
    let isThick = areSlices && ScanLimits.thickness.contains(metres.z)
    let isOdd = (0..<3).contains { !(ScanLimits.voxelSize.contains(metres[$0]) || $0 == 2 && isThick) }
    if isOdd { throw ValidationError("\(option): voxels of 0.01 to 30 mm are possible.") }
  }
}

/// A length with its unit, such as `2mm`; it may be zero.
struct Length: ExpressibleByArgument, CustomStringConvertible {
  let metres: Double

  init(metres: Double) { self.metres = metres }

  init?(argument: String) {
    guard let lengths = numbers(argument, units: Units.lengths), lengths.count == 1, lengths[0] >= 0 else {
      return nil
    }
    metres = lengths[0]
  }

  var description: String { "\(metres * 1000)mm" }
}

/// A direction along the voxel axes, such as `0,0,1`; of any length but zero.
struct Direction3: ExpressibleByArgument, CustomStringConvertible {
  let vector: SIMD3<Double>

  init?(argument: String) {
    guard let numbers = numbers(argument), numbers.count == 3 else { return nil }
    let vector = SIMD3(numbers), length = (vector * vector).sum().squareRoot()
    guard length > 0, length.isFinite else { return nil }
    self.vector = vector / length
  }

  var description: String { "\(vector.x),\(vector.y),\(vector.z)" }
}

/// An angle with its unit, such as `15deg`.
struct Angle: ExpressibleByArgument, CustomStringConvertible {
  let degrees: Double

  init(degrees: Double) { self.degrees = degrees }

  init?(argument: String) {
    guard let numbers = numbers(argument, units: [("deg", 1)]), numbers.count == 1, abs(numbers[0]) <= 360
    else {
      return nil
    }
    degrees = numbers[0]
  }

  var radians: Double { degrees * .pi / 180 }
  var description: String { String(format: "%gdeg", degrees) }
}

/// A list of numbers, such as `3,4,5`.
struct NumberList: ExpressibleByArgument, CustomStringConvertible {
  let numbers: [Double]

  init?(argument: String) {
    guard let numbers = kspace.numbers(argument) else { return nil }
    self.numbers = numbers
  }

  var description: String {
    numbers.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" }.joined(separator: ",")
  }
}

/// The encoded fractions of `ky` and `kz`, such as `0.75,1`.
struct PartialFourierArgument: ExpressibleByArgument {
  let fractions: SamplingRegion.PartialFourier

  init?(argument: String) {
    guard let numbers = numbers(argument), numbers.count == 2 else { return nil }
    fractions = .init(lines: numbers[0], partitions: numbers[1])
  }
}

/// Whole numbers between `x`, each within a range; `nil` if anything else is written.
private func extents(_ text: String, _ range: ClosedRange<Int>) -> [Int]? {
  let extents = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
  return extents.allSatisfy(range.contains) ? extents : nil
}

extension Extents: ExpressibleByArgument {
  /// Reads extents such as `160x192x48`, `x` first.
  public init?(argument: String) {
    guard let extents = extents(argument, 1...4096), extents.count == 3 else { return nil }
    self.init(x: extents[0], y: extents[1], z: extents[2])
  }
}

extension EncodedMatrix: ExpressibleByArgument {
  /// Reads `300x72` (ky x kz) or `512x300x72` (x first).
  public init?(argument: String) {
    guard let extents = extents(argument, 1...EncodedGrid.largestExtent), (2...3).contains(extents.count)
    else { return nil }
    self.init(x: extents.count == 3 ? extents[0] : nil, y: extents.dropLast().last ?? 1, z: extents.last ?? 1)
  }
}
