import Foundation
import MRIData

/// What the numbers of a header can be, beside ``ScanLimits``; everything else is a slip of the writer.
enum Plausible {
  /// The thickness of a slice or a slab [m].
  static let thickness = ScanLimits.thickness
  /// The larger over the smaller side of a voxel.
  static let anisotropy = 100.0
  /// The prescribed over the encoded field of view of a plane; images show no more than was encoded, and tenfold is centimetres.
  static let prescribedPart = 0.05...5.0
  /// The same across the plane, where what is prescribed may be a stack of slabs.
  static let prescribedSlabs = 0.05...20.0
  /// The side of a voxel that is not taken for one in another unit [m].
  static let usualSide = 5e-5...30e-3
  /// The voxels of an image to which a scanner interpolates one that was encoded, at most.
  static let refinement = 4.5
  /// How much more or less than prescribed voxels there are along a readout where a field of view may be a little wrong.
  static let slightMisfit = 0.006...0.07
  /// An echo time [s].
  static let echoTime = ScanLimits.echoTime
  /// The static field of most scanners [T].
  static let usualField = 1.0...12.0
  /// The time between samples [s].
  static let dwellTime = 5e-8...5e-3
  /// The noise bandwidth over the sampling rate.
  static let noiseBandwidth = 0.05...2.0
}

/// A unit that a number may have been written in instead of the prescribed one.
struct UnitSlip {
  /// What the number must be multiplied by.
  let factor: Double
  /// The slip in words, such as `metres written as millimetres`.
  let words: String

  /// Lengths that MRD wants in millimetres.
  static let lengths = [
    UnitSlip(factor: 1e3, words: "metres written as millimetres"),
    UnitSlip(factor: 10, words: "centimetres written as millimetres"),
    UnitSlip(factor: 1e-3, words: "micrometres written as millimetres"),
  ]
  /// Times that MRD wants in milliseconds.
  static let times = [
    UnitSlip(factor: 1e3, words: "seconds written as milliseconds"),
    UnitSlip(factor: 1e-3, words: "microseconds written as milliseconds"),
    UnitSlip(factor: 1e-6, words: "nanoseconds written as milliseconds"),
  ]
  /// Fields that MRD wants in tesla.
  static let fields = [
    UnitSlip(factor: 1e-4, words: "gauss written as tesla"),
    UnitSlip(factor: 1e-3, words: "millitesla written as tesla"),
  ]
  /// Frequencies that MRD wants in hertz.
  static let frequencies = [
    UnitSlip(factor: 1e6, words: "megahertz written as hertz"),
    UnitSlip(factor: 1e3, words: "kilohertz written as hertz"),
    UnitSlip(factor: 1e9, words: "gigahertz written as hertz"),
  ]

  /// The first slip that makes a condition true.
  static func first(_ slips: [UnitSlip], where isPlausible: (Double) -> Bool) -> UnitSlip? {
    slips.first { isPlausible($0.factor) }
  }

  /// The first slip that gives what most scanners have, or else the first that gives what a scanner can have.
  static func first(
    _ slips: [UnitSlip], of value: Double, usual: ClosedRange<Double>, possible: ClosedRange<Double>
  ) -> UnitSlip? {
    first(slips) { usual.contains(value * $0) } ?? first(slips) { possible.contains(value * $0) }
  }
}

extension EncodedGrid {
  /// What is wrong with a field of view on a matrix; `nil` if such voxels can be.
  ///
  /// - Parameters:
  ///   - stated: The encoded field of view [m], axes `x`, `y`, `z`.
  ///   - matrix: The number of points that it covers.
  ///   - isGiven: Whether the user gave it, rather than the header.
  static func implausible(_ stated: [Double?], on matrix: [Int], isGiven: Bool) -> Finding? {
    let sides = zip(stated, matrix).map { view, count in view.map { $0 / Double(count) } }
    let encoded = (0..<3).compactMap { matrix[$0] > 1 ? sides[$0] : nil }.sorted()
    let isOff = (0..<3).map { axis in
      sides[axis].map { side in
        matrix[axis] > 1 ? !ScanLimits.voxelSize.contains(side) : !Plausible.thickness.contains(side)
      } ?? false
    }
    let isUneven =
      encoded.last.map { $0 > Plausible.anisotropy * (encoded.first ?? $0) } ?? false
    guard isOff.contains(true) || isUneven else { return nil }
    func text(_ lengths: [Double?]) -> String {
      lengths.map { $0.map { String(format: "%g", $0 * 1000) } ?? "?" }.joined(separator: " x ") + " mm"
    }
    let problem =
      "the \(isGiven ? "given" : "header's") field of view of \(text(stated)) makes voxels of \(text(sides)), which no scan has"
    let slip = UnitSlip.first(UnitSlip.lengths) { repaired(stated, matrix, by: $0) != nil }
    guard let slip, let repaired = repaired(stated, matrix, by: slip.factor) else {
      return .error(
        .contradictory, problem, remedy: isGiven ? "Correct `fieldOfView`" : "`fieldOfView` sets another one")
    }
    let wanted = repaired.map { String(format: "%g", $0 * 1000) }.joined(separator: "x") + "mm"
    return .error(
      .contradictory, "\(problem): it looks like \(slip.words)",
      remedy: "If so, say `fieldOfView: \(wanted)`")
  }

  /// The field of view with all its unusual axes, or all of them, in another unit; `nil` if neither is what scans have.
  private static func repaired(
    _ stated: [Double?], _ matrix: [Int], by factor: Double
  ) -> [Double]? {
    guard let x = stated[0], let y = stated[1], let z = stated[2] else { return nil }
    // What scans of people and small animals have.
    func isUsual(_ view: Double, _ axis: Int) -> Bool {
      let usual = matrix[axis] > 1 ? 5e-5...20e-3 : 5e-5...0.5
      return usual.contains(view / Double(matrix[axis])) && view < 2
    }
    let views = [x, y, z]
    let candidates = [
      views.enumerated().map { isUsual($1, $0) ? $1 : $1 * factor }, views.map { $0 * factor },
    ]
    return candidates.first { $0.enumerated().allSatisfy { isUsual($1, $0) } }
  }
}
