/// The grey nuclei deep in the brain, by the many names that atlases give them.
///
/// Tables call regions as the user does; reports use one name for each, whether a label is called `Left-Putamen`,
/// `substantiaNigraReticulata` or `SNr`.
public enum DeepNucleus: String, Sendable, CaseIterable {
  case caudate = "caudate nucleus"
  case putamen
  case externalPallidum = "external pallidum"
  case internalPallidum = "internal pallidum"
  case pallidum
  case reticularNigra = "substantia nigra, reticular"
  case compactNigra = "substantia nigra, compact"
  case nigra = "substantia nigra"
  case redNucleus = "red nucleus"
  case subthalamic = "subthalamic nucleus"
  case thalamus
  case dentate = "dentate nucleus"

  /// Other names, without blanks and hyphens, in small letters.
  private var aliases: [String] {
    switch self {
    case .caudate: ["caudate", "ca", "cd", "cn", "nucleuscaudatus"]
    case .putamen: ["pu", "put"]
    case .externalPallidum:
      ["gpe", "globuspallidusexterna", "globuspallidusexternus", "globuspallidusexternal"]
    case .internalPallidum:
      ["gpi", "globuspallidusinterna", "globuspallidusinternus", "globuspallidusinternal"]
    case .pallidum: ["gp", "globuspallidus", "pallidus"]
    case .reticularNigra: ["snr", "snpr", "substantianigrareticulata", "substantianigraparsreticulata"]
    case .compactNigra:
      ["snc", "snpc", "sncpbpvta", "substantianigracompacta", "substantianigraparscompacta"]
    case .nigra: ["sn"]
    case .redNucleus: ["rn", "nucleusruber", "ruber", "red"]
    case .subthalamic: ["stn", "sth", "subthalamic"]
    case .thalamus: ["th", "tha", "thal", "thalamusproper"]
    case .dentate: ["dn", "dentate", "nucleusdentatus"]
    }
  }

  /// The nucleus of a name, whichever side it is of; `nil` for any other region.
  public init?(named name: String) {
    let stem = Self.words(of: name).filter { Self.sides[$0] == nil }.joined()
    let found = Self.allCases.first { nucleus in
      nucleus.aliases.contains(stem) || Self.words(of: nucleus.rawValue).joined() == stem
    }
    guard let found else { return nil }
    self = found
  }

  /// What reports call a region: the nucleus with its side, and any other region by its own name in words.
  public static func title(of name: String) -> String {
    let words = words(of: name)
    let side = words.lazy.compactMap { sides[$0] }.first.map { "\($0) " } ?? ""
    if let nucleus = DeepNucleus(named: name) { return side + nucleus.rawValue }
    // Only what is written like a variable is taken apart; a name in words stays as it is.
    let isVariable = name.allSatisfy { $0.isASCII && $0.isLetter } && name.first?.isLowercase == true
    return isVariable ? words.joined(separator: " ") : name
  }

  private static let sides = [
    "left": "left", "right": "right", "lh": "left", "rh": "right", "l": "left", "r": "right",
  ]

  /// The words of a name, small letters, parted where it has capitals after small letters, or anything but letters.
  private static func words(of name: String) -> [String] {
    var words: [String] = [""]
    var wasLowercase = false
    for character in name {
      if !character.isLetter && !character.isNumber {
        words.append("")
      } else {
        if character.isUppercase, wasLowercase { words.append("") }
        words[words.count - 1] += character.lowercased()
      }
      wasLowercase = character.isLowercase
    }
    return words.filter { !$0.isEmpty }
  }
}
