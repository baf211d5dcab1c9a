/// A counter of which a volume has one value.
enum SelectableCounter {
  case repetition, set, cardiacPhase, slice

  var path: KeyPath<EncodingCounters, UInt16> {
    switch self {
    case .repetition: \.repetition
    case .set: \.set
    case .cardiacPhase: \.phase
    case .slice: \.slice
    }
  }

  var name: String {
    switch self {
    case .repetition: "repetition"
    case .set: "set"
    case .cardiacPhase: "cardiac phase"
    case .slice: "slice"
    }
  }

  var plural: String { name + "s" }

  var option: String { "--" + name.split(separator: " ").joined(separator: "-") }

  var omission: Omission {
    switch self {
    case .repetition: .otherRepetition
    case .set: .otherSet
    case .cardiacPhase: .otherCardiacPhase
    case .slice: .otherSlice
    }
  }
}
