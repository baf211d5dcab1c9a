import MRIData

/// What reconstructs a scan best by default, told by what was sampled of it.
///
/// | acquired | calibration | method |
/// |---|---|---|
/// | everything, or all of a box or an ellipse | any | inverse Fourier transform |
/// | with gaps | yes | SENSE with a preference for few wavelets |
/// | with gaps | none | none: the user has to say |
///
/// Where GRAPPA is the better one, at 2x1, it is so by a few percent of the error; at 3x1 of a scan of six channels it leaves 1.4
/// times as much error as L1-SENSE, at 2x2 1.0 to 1.4 times.
///
/// The one rule for every command: what `reconstruct` does by default is what studies compare with.
public struct SuitableMethod: Sendable, Equatable {
  /// The methods that the rule knows, by the names that commands have for them.
  public enum Method: String, Sendable {
    case zeroFilled = "zero-filled"
    case l1SENSE = "l1-sense"
  }

  /// The method; `nil` if none fills the gaps.
  public let method: Method?
  /// Why, in words that follow "as".
  public let reason: String
  /// Whether gaps are regular, so that images without what is missing are folded onto themselves.
  public let hasRegularGaps: Bool

  /// The lines that a calibration region needs along each axis.
  private static let smallestCalibration = 4

  /// Chooses.
  ///
  /// - Parameters:
  ///   - masks: The acquired positions of each echo.
  ///   - calibration: The positions of lines that are marked for calibration.
  ///   - channels: The number of receive channels.
  public init(masks: [SamplingMask], calibration: SamplingMask? = nil, channels: Int) {
    let kinds = masks.map(SamplingKind.init)
    let hasNoGaps = kinds.allSatisfy(\.hasNoGaps)
    hasRegularGaps = !hasNoGaps && kinds.allSatisfy { $0.isRegular || $0.hasNoGaps }
    if hasNoGaps {
      method = .zeroFilled
      reason =
        kinds.allSatisfy { $0 == .complete }
        ? "the scan is complete" : "all of the sampled part of k-space is there"
      return
    }
    let factor = masks.compactMap { $0.acceleration() }.max() ?? 1
    let times = "\((100 * factor).rounded() / 100)-fold, full grid over acquired"
    let boxes = [calibration?.calibrationRegion, masks.first?.calibrationRegion].compactMap(\.self)
    let extents = masks.first.map { ($0.lines, $0.partitions) } ?? (1, 1)
    let box = boxes.filter { box in
      box.lines.count >= min(Self.smallestCalibration, extents.0)
        && box.partitions.count >= min(Self.smallestCalibration, extents.1)
    }.max { $0.count < $1.count }
    guard let box else {
      method = nil
      reason = "the scan is undersampled (\(times)) and has no calibration data around the centre of k-space"
      return
    }
    guard channels > 1 || !hasRegularGaps else {
      method = nil
      reason = "the scan is undersampled regularly (\(times)), and a single channel cannot tell aliases apart"
      return
    }
    method = .l1SENSE
    reason =
      "the scan is undersampled \(hasRegularGaps ? "" : "ir")regularly (\(times)) with "
      + "\(box.lines.count)x\(box.partitions.count) positions of calibration (ky x kz)"
  }
}

/// How the acquired positions of one echo lie.
enum SamplingKind: Equatable {
  /// Everything was acquired.
  case complete
  /// All positions of a box, or of an ellipse, were acquired: partial Fourier, zero-filling or a shutter.
  case whole
  /// The positions outside the calibration region form a lattice, one acquired of every `cell`.
  case regular(cell: Int)
  /// There is no such order.
  case irregular

  /// Whether nothing is missing between acquired positions.
  var hasNoGaps: Bool { self == .complete || self == .whole }

  /// Whether acquired positions form a lattice.
  var isRegular: Bool { if case .regular = self { true } else { false } }

  /// The longest step of a lattice along an axis.
  private static let longestStep = 12

  /// Looks at a mask.
  init(_ mask: SamplingMask) {
    let acquired = mask.acquiredCount
    if acquired == mask.lines * mask.partitions {
      self = .complete
      return
    }
    var lines = (mask.lines, -1), partitions = (mask.partitions, -1)
    for partition in 0..<mask.partitions {
      for line in 0..<mask.lines where mask[line: line, partition: partition] {
        lines = (min(lines.0, line), max(lines.1, line))
        partitions = (min(partitions.0, partition), max(partitions.1, partition))
      }
    }
    let height = lines.1 - lines.0 + 1, depth = partitions.1 - partitions.0 + 1
    // However small a box is: beyond it no method knows anything.
    if acquired > 0, acquired == height * depth {
      self = .whole
    } else if mask.isElliptical, let factor = mask.acceleration(basis: .outer), factor <= 1 {
      // Counted outside the calibration region, whose corners beyond the ellipse would make up for gaps.
      self = .whole
    } else {
      self = Self.latticeCell(mask).map { .regular(cell: $0) } ?? .irregular
    }
  }

  /// The positions of the cell that two shifts span which map acquired positions onto acquired ones, if that explains how
  /// many there are; `nil` if they form no lattice.
  private static func latticeCell(_ mask: SamplingMask) -> Int? {
    let box = mask.calibrationRegion
    func isOutside(_ line: Int, _ partition: Int) -> Bool {
      guard let box else { return true }
      return !(box.lines.contains(line) && box.partitions.contains(partition))
    }
    let shutter: SamplingShutter = mask.isElliptical ? .ellipse : .rectangle
    var places: [SIMD2<Int>] = [], positions = 0
    for partition in 0..<mask.partitions {
      for line in 0..<mask.lines where isOutside(line, partition) {
        if shutter.contains(
          line: line, partition: partition, lines: mask.lines, partitions: mask.partitions)
        {
          positions += 1
        }
        if mask[line: line, partition: partition] { places.append([line, partition]) }
      }
    }
    guard let first = places.first, places.count > 3 else { return nil }
    // Only the part of k-space between the outermost samples was meant to be sampled.
    let low = places.reduce(first) { pointwiseMin($0, $1) },
      high = places.reduce(first) { pointwiseMax($0, $1) }
    let part = Double((high.x - low.x + 1) * (high.y - low.y + 1)) / Double(mask.lines * mask.partitions)
    let density = Double(places.count) / (Double(positions) * part)
    func maps(_ shift: SIMD2<Int>) -> Bool {
      var kept = 0, tried = 0
      for place in places {
        let other = place &+ shift
        guard (low.x...high.x).contains(other.x), (low.y...high.y).contains(other.y),
          isOutside(other.x, other.y),
          shutter.contains(
            line: other.x, partition: other.y, lines: mask.lines, partitions: mask.partitions)
        else { continue }
        tried += 1
        if mask[line: other.x, partition: other.y] { kept += 1 }
      }
      return tried > 0 && Double(kept) >= 0.95 * Double(tried)
    }
    let depth = mask.partitions > 1 ? min(longestStep, high.y - low.y) : 0
    let width = min(longestStep, high.x - low.x)
    var shifts: [SIMD2<Int>] = []
    for z in 0...max(0, depth) {
      for y in -width...width where z > 0 || y > 0 {
        if maps([y, z]) { shifts.append([y, z]) }
      }
    }
    // The smallest cell that two of the shifts span, or one where there is but one axis.
    let cells =
      low.y == high.y
      ? shifts.filter { $0.y == 0 }.map { abs($0.x) }
      : low.x == high.x
        ? shifts.filter { $0.x == 0 }.map { abs($0.y) }
        : shifts.flatMap { a in shifts.map { b in abs(a.x * b.y - a.y * b.x) } }.filter { $0 > 0 }
    guard let cell = cells.min(), abs(density * Double(cell) - 1) < 0.25 else { return nil }
    return cell
  }
}
