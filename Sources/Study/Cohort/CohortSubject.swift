/// One subject of a cohort: what is known beforehand, and how its scan is found when its turn comes.
public struct CohortSubject: Sendable {
  /// The name, such as `sub-01`.
  public let name: String
  /// The age [years].
  public let age: Double
  /// What the scan is read from.
  public let input: StudyInput
  /// The names of its regions.
  public let regions: Set<String>
  let load: @Sendable () throws -> CohortScan

  /// Describes a subject.
  ///
  /// - Parameters:
  ///   - name: The name, unique in the cohort; it becomes the name of a folder.
  ///   - age: The age [years].
  ///   - input: What the scan is read from, so that results of another one are not taken for this one's.
  ///   - regions: The names of its regions.
  ///   - load: Reads or simulates the scan; its result is dropped after use.
  public init(
    name: String, age: Double, input: StudyInput, regions: Set<String>,
    load: @escaping @Sendable () throws -> CohortScan
  ) {
    self.name = name
    self.age = age
    self.input = input
    self.regions = regions
    self.load = load
  }
}
