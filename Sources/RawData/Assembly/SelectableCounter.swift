/// A counter of which a volume has one value.
enum SelectableCounter {
  case repetition, set, cardiacPhase, slice, average, segment

  var path: KeyPath<EncodingCounters, UInt16> {
    switch self {
    case .repetition: \.repetition
    case .set: \.set
    case .cardiacPhase: \.phase
    case .slice: \.slice
    case .average: \.average
    case .segment: \.segment
    }
  }

  var name: String {
    switch self {
    case .repetition: "repetition"
    case .set: "set"
    case .cardiacPhase: "cardiac phase"
    case .slice: "slice"
    case .average: "average"
    case .segment: "segment"
    }
  }

  /// Whether all values belong to the volume unless one is chosen.
  var isOptional: Bool { self == .slice || self == .average || self == .segment }

  var plural: String { name + "s" }

  var setting: String {
    let words = name.split(separator: " ")
    return words.prefix(1).joined() + words.dropFirst().map(\.capitalized).joined()
  }

  var omission: Omission {
    switch self {
    case .repetition: .otherRepetition
    case .set: .otherSet
    case .cardiacPhase: .otherCardiacPhase
    case .slice: .otherSlice
    case .average: .otherAverage
    case .segment: .otherSegment
    }
  }
}
