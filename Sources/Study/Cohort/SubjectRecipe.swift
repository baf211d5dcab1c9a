import MRIData
import RawData

/// All that a subject's values follow from.
public struct SubjectRecipe: Sendable, Equatable, Codable {
  /// The scan.
  public var input: StudyInput
  /// The ways of measuring and reconstructing, the reference first.
  public var cells: [StudyCell]
  /// How masks are made.
  public var masks: MaskChoice
  /// What scores depend on.
  public var conventions: ScoreConventions
  /// The reconstructions with their parameters, in the order of the names by which cells call them.
  public var methods: [MethodConfiguration]
  /// How susceptibility follows from the field, stage by stage.
  public var mapping: [MethodConfiguration]
  /// The program, and what else results follow from.
  public var software: String
}

extension SubjectRecipe {
  /// The reconstructions by the names by which cells call them.
  private var configurations: [String: MethodConfiguration] {
    Dictionary(uniqueKeysWithValues: zip(Set(cells.map(\.method)).sorted(), methods))
  }

  /// What is so much another study that its values must not be replaced unasked, in words; more cells are none such.
  func difference(from other: SubjectRecipe) -> String? {
    if let difference = input.difference(from: other.input) { return difference }
    if software != other.software { return "version \(software)" }
    if masks != other.masks {
      return masks.seed != other.masks.seed ? "the seed \(masks.seed)" : "other masks"
    }
    if cells.first != other.cells.first { return "another reference (\(cells.first?.name ?? "none"))" }
    let wanted = other.configurations
    for (name, method) in configurations.sorted(by: { $0.key < $1.key })
    where wanted[name].map({ $0 != method }) ?? false {
      return "other parameters (\(method))"
    }
    return mapping != other.mapping ? "another susceptibility mapping" : nil
  }
}
