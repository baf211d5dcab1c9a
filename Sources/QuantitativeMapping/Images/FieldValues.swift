import Files
import ImageFiles
import MRIData
import NDArrays

/// The values of a stored field where they count, and what they say of its unit.
///
/// Percentiles decide, not the range: one voxel beside the sinuses, or what fills the outside of a mask, says nothing.
struct FieldValues {
  private let field: ImageVolumes<Float>
  private let flags: [Bool]?
  /// The finite values that are not zero within the mask, in ascending order.
  private let sorted: [Float]
  /// What 99 % of the values stay below, without their sign, and what 99.9 % do.
  let typical: Float, largest: Float

  /// The fields that tissue has [ppm], what all but 1 % stay below.
  private static let weakest = 0.002, weakestPeak = 0.005
  private static let weakestTotal = 0.03, strongest = 3.0, strongestTotal = 10.0
  /// What no single voxel has, not even beside metal [ppm].
  private static let impossible = 1e4
  /// Values that are ppm where nobody says so: neither Hz, rad/s nor ppb of tissue are as small, nor tesla as large.
  private static let evidentlyPartsPerMillion: ClosedRange<Float> = 0.005...0.5

  /// Collects the values of a field of one volume within a mask; all of them without.
  ///
  /// - Throws: ``InputError`` if there are none.
  init(_ field: ImageVolumes<Float>, within mask: BrainMask?, _ path: String) throws(InputError) {
    self.field = field
    let flags = mask?.isInside.elements
    self.flags = flags
    let values = field.voxels.elements
    sorted = values.indices.filter { values[$0].isFinite && values[$0] != 0 && flags?[$0] != false }
      .map { values[$0] }.sorted()
    let sizes = sorted.map(abs).sorted()
    guard let typical = sizes.ranked(0.99), let largest = sizes.ranked(0.999) else {
      throw InputError(
        path, "the field is zero or not finite in every voxel\(mask == nil ? "" : " of the mask")",
        remedy: "Check that this is the field")
    }
    (self.typical, self.largest) = (typical, largest)
  }

  /// The unit of a field that states none.
  ///
  /// Only ppm is evident. Values of tens and hundreds are a local field in Hz as well as one in rad/s or in ppb.
  ///
  /// - Throws: ``InputError`` that asks for the unit.
  func presumedUnit(_ path: String) throws(InputError) -> ImageUnits {
    guard Self.evidentlyPartsPerMillion.contains(typical), sorted[0] < sorted[sorted.count - 1] else {
      throw InputError(
        path,
        "the unit of the field is not stated, and values up to \(typical) (99 % of those that count) may be ppm, ppb, Hz, "
          + "rad/s or rad",
        remedy: "State the unit of the field (`fieldUnit`)")
    }
    return .partsPerMillion
  }

  /// Refuses a field that no tissue has in its unit, and tells of one that is doubtful.
  ///
  /// - Parameters:
  ///   - partsPerMillion: How many ppm one unit is.
  ///   - others: The same of other units that the field may be in.
  /// - Returns: A warning; `nil` for none.
  func check(
    _ stage: FieldMap.Stage, in unit: ImageUnits, partsPerMillion: Double, others: [ImageUnits: Double],
    _ path: String
  ) throws(InputError) -> String? {
    let value = Double(typical) * partsPerMillion, peak = Double(largest) * partsPerMillion
    let limit = stage == .local ? Self.strongest : Self.strongestTotal
    let isTooWeak = value < Self.weakest && peak < Self.weakestPeak, isTooStrong = value > limit
    let name = stage == .local ? "local field" : "field"
    let numbers =
      "99 % of its values are below \(typical) \(unit.rawValue), which is \(Self.short(value)) ppm"
    if isTooWeak || isTooStrong {
      let plausible = others.filter { unit, factor in
        unit != .radians && (stage == .local ? 0.005...0.5 : 0.03...5).contains(Double(typical) * factor)
      }.keys.map(\.rawValue).sorted()
      throw InputError(
        path,
        "the unit of the field is said to be \(unit.rawValue), but \(numbers): no \(name) of tissue is as "
          + (isTooWeak ? "weak" : "strong")
          + (plausible.isEmpty ? "" : "; as \(plausible.joined(separator: " or ")) it would be one"),
        remedy: "State the unit that the values have (`fieldUnit`), or correct Units in the sidecar")
    }
    if let odd = [sorted[0], sorted[sorted.count - 1]].max(by: { abs($0) < abs($1) }),
      abs(Double(odd)) * partsPerMillion > Self.impossible
    {
      throw InputError(
        path,
        "the field has values such as \(odd) \(unit.rawValue), which is beyond anything that a magnet has, although "
          + "\(numbers)",
        remedy: "Set voxels without a field to zero or NaN, or leave them out of the mask (`mask`)")
    }
    guard stage == .total, value < Self.weakestTotal else { return nil }
    return
      "\(path): \(numbers), little for a field with its background: check its unit (`fieldUnit`), and whether it is a local "
      + "field."
  }

  /// How many of the unit's numbers a field wraps at: its values fill an interval to both ends, and many neighbours lie
  /// a whole interval apart; `nil` for a field without wraps.
  var wrap: Float? {
    let cut = sorted.count / 1000, low = sorted[cut], high = sorted[sorted.count - 1 - cut]
    let width = high - low
    guard width > 0, sorted[sorted.count - 1] - sorted[0] < 1.05 * width else { return nil }
    let jumps = field.voxels.neighbours(within: flags) { abs($0 - $1) > 0.75 * width }
    return jumps.found >= 20 && jumps.found * 2000 > jumps.pairs ? width : nil
  }

  private static func short(_ value: Double) -> String {
    value >= 0.01 ? value.rounded(3) : "less than \(value >= 0.001 ? 0.01 : 0.001)"
  }
}

extension NDArray<Float> {
  /// How many neighbours along the last three axes fulfil a condition, of how many pairs: finite and not zero, and
  /// within a mask.
  func neighbours(
    within mask: [Bool]? = nil, _ condition: (Float, Float) -> Bool
  ) -> (found: Int, pairs: Int) {
    let width = shape[shape.count - 1], height = shape[shape.count - 2], depth = shape[shape.count - 3]
    var found = 0, pairs = 0
    withUnsafeBufferPointer { values in
      func counts(_ index: Int) -> Bool {
        values[index].isFinite && values[index] != 0 && (mask.map { $0[index % $0.count] } ?? true)
      }
      for index in values.indices where counts(index) {
        let (x, y) = (index % width, index / width % height), z = index / (width * height) % depth
        for (isInner, step) in [
          (x + 1 < width, 1), (y + 1 < height, width), (z + 1 < depth, width * height),
        ] where isInner && counts(index + step) {
          pairs += 1
          if condition(values[index], values[index + step]) { found += 1 }
        }
      }
    }
    return (found, pairs)
  }
}

extension Sidecar {
  /// What stands under Units, also where BIDS does not know it.
  var statedUnits: String? {
    if let units { return units.rawValue }
    guard case .string(let words)? = extra["Units"] else { return nil }
    return words
  }

  /// The unit of a field; `nil` where none is stated.
  ///
  /// - Throws: ``InputError`` for one that fields are not read in.
  func fieldUnit(_ path: String) throws(InputError) -> ImageUnits? {
    guard let statedUnits, !ImageUnits.meanNothing(statedUnits) else { return nil }
    if let unit = ImageUnits(spelled: statedUnits), unit != .perSecond { return unit }
    throw InputError(
      path,
      "the sidecar states the unit of the field as \(statedUnits), which is none of Hz, rad/s, ppm, ppb and rad",
      remedy: "Convert the field to one of them, or state the unit that it has (`fieldUnit`)")
  }
}

extension ImageUnits {
  /// Whether words under Units say that there is no unit.
  static func meanNothing(_ words: String) -> Bool {
    ["", "arbitrary", "a.u.", "au", "a.u", "n/a", "none", "unknown"].contains(
      words.lowercased().filter { !$0.isWhitespace })
  }

  /// Reads a unit as people write it.
  init?(spelled words: String) {
    switch words.lowercased().filter({ !$0.isWhitespace }) {
    case "hz", "hertz": self = .hertz
    case "ppm": self = .partsPerMillion
    case "ppb": self = .partsPerBillion
    case "rad", "radian", "radians": self = .radians
    case "rad/s", "rad/sec", "radian/s", "radians/s", "rads-1", "rads^-1", "rad*s^-1", "rad.s^-1":
      self = .radiansPerSecond
    case "1/s", "s-1", "s^-1": self = .perSecond
    default: return nil
    }
  }
}
