import Files
import Phantoms

extension CohortSimulation {
  /// A cohort that exists as a table.
  private static let kind = AtomicFolder.Kind(
    marker: file, holds: { ["participants.tsv", CohortSource.namesFile, file].contains($0) })

  /// Refuses a folder that a cohort must not take the place of.
  ///
  /// - Throws: ``InputError``.
  public static func check(_ path: String, replacing: Bool) throws(InputError) {
    try AtomicFolder.check(path, kind: kind, replacing: replacing)
  }

  /// Writes a cohort: a table of subjects, the names of the iron-rich nuclei, and how the subjects are scanned.
  ///
  /// - Parameters:
  ///   - path: The folder, which appears when it is whole.
  ///   - count: The number of subjects.
  ///   - ages: The ages [years], spread evenly over the subjects.
  ///   - seed: The first subject's seed; those of the others follow it.
  ///   - replacing: Whether a cohort that is there may be replaced.
  /// - Throws: ``InputError``, ``FileError``.
  public func write(
    to path: String, subjects count: Int, ages: ClosedRange<Int>, seed: UInt64, replacing: Bool = false
  ) throws {
    let folder = try AtomicFolder(path, kind: Self.kind, replacing: replacing)
    var table = "participant_id\tage\tseed\n"
    let digits = max(2, "\(count)".count)
    for index in 0..<count {
      let number = "\(index + 1)"
      let name = "sub-" + String(repeating: "0", count: digits - number.count) + number
      table += "\(name)\t\(Self.age(of: index, among: count, ages))\t\(seed &+ UInt64(index))\n"
    }
    let nuclei = zip(Tissue.ironRichNuclei, ["Ca", "Pu", "GPe", "GPi", "SNr", "SNc", "RN"])
    let names = "index\tname\n" + nuclei.map { "\($0.rawValue)\t\($1)\n" }.joined()
    try AtomicFile.write(table, to: "\(folder.temporaryPath)/participants.tsv")
    try AtomicFile.write(names, to: "\(folder.temporaryPath)/\(CohortSource.namesFile)")
    try JSONFile.write(self, to: "\(folder.temporaryPath)/\(Self.file)")
    try folder.commit()
  }

  /// The age of one of many, from the youngest to the oldest in even steps, in whole years.
  private static func age(of index: Int, among count: Int, _ ages: ClosedRange<Int>) -> Int {
    let (youngest, oldest) = (ages.lowerBound, ages.upperBound)
    guard count > 1 else { return (youngest + oldest) / 2 }
    return youngest + Int((Double((oldest - youngest) * index) / Double(count - 1)).rounded())
  }
}
