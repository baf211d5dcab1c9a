import MRIData

/// The stages that were chosen for a scan, and why.
public struct ReconstructionChoice: Sendable {
  /// The stages.
  public var pipeline: Pipeline<CombinationMethod>
  /// The name of the reconstruction.
  public var name: String
  /// Why it was chosen, where it was left to the scan; one sentence each.
  public var account: [String] = []
  /// What the user should know of the images that will be made, one sentence each.
  public var warnings: [String] = []
  /// What will be done and what it needs, in a sentence; empty if nobody says.
  public var plan = ""

  /// Names a choice.
  public init(_ pipeline: Pipeline<CombinationMethod>, name: String) {
    self.pipeline = pipeline
    self.name = name
  }
}
