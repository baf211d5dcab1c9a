import Files
import MRIData
import QSM
import QuantitativeMapping

extension CellRecipe {
  /// How the recipe differs from another, in words; `nil` if it does not.
  func difference(from other: CellRecipe) -> String? {
    guard self != other else { return nil }
    if let difference = input.difference(from: other.input) { return difference }
    if software != other.software { return "version \(software)" }
    if let mask, let wanted = other.mask, mask != wanted {
      return mask.seed != wanted.seed ? "the seed \(mask.seed)" : "other masks"
    }
    if method != other.method { return "other parameters (\(method))" }
    if region != other.region { return "susceptibility within another mask" }
    if noise != other.noise { return "another reference (\(noise ?? "none"))" }
    if reference != other.reference { return "another reference, or one of other settings" }
    if mapping.isEmpty != other.mapping.isEmpty {
      return mapping.isEmpty ? "no susceptibility" : "susceptibility"
    }
    return "other settings"
  }
}

/// All that a cell's images follow from.
public struct CellRecipe: Sendable, Equatable, Codable {
  /// The way of measuring and reconstructing.
  public var cell: StudyCell
  /// The raw file.
  public var input: StudyInput
  /// How the mask was made; `nil` for the scan's own.
  public var mask: MaskChoice?
  /// The reconstruction with its parameters.
  public var method: MethodConfiguration
  /// How channels became one.
  public var combination: MethodConfiguration
  /// How susceptibility follows from the field, stage by stage; empty without susceptibility.
  public var mapping: [MethodConfiguration]
  /// The cell whose noise weighs the field; `nil` without susceptibility.
  public var noise: String?
  /// Where susceptibility was mapped: the checksum of a mask, or which images' brain; `nil` without susceptibility.
  public var region: String?
  /// How the scan was brought onto the reference; `nil` for the reference itself.
  public var alignment: String?
  /// The program's version.
  public var software: String
  /// The digest of all that the reference follows from, by which others are inverted and onto which they are moved; `nil`
  /// for the reference itself.
  public var reference: String?
}

extension CellRecipe {
  /// What identifies the recipe.
  ///
  /// - Throws: `EncodingError` if a parameter is not finite.
  var digest: String {
    get throws { SHA256.digest(of: try JSONFile.line(of: self).utf8) }
  }
}
