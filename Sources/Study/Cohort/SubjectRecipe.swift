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
  /// The reconstructions with their parameters.
  public var methods: [MethodConfiguration]
  /// How susceptibility follows from the field, stage by stage.
  public var mapping: [MethodConfiguration]
  /// The program, and what else results follow from.
  public var software: String
}
