import ArgumentParser
import Foundation
import KSpaceToolkit

extension Phantom {
  /// Writes a cohort: a table of subjects whose ages are spread evenly, and how they are to be scanned.
  func writeCohort(of count: Int) throws {
    guard snr.isFinite else {
      throw ValidationError("--snr inf: a cohort without noise says nothing of a group; give a number.")
    }
    Interruption.postpone()
    let folder = try AtomicFolder(output, kind: Self.cohortFolder, replacing: running.force)
    let simulation = CohortSimulation(
      matrix: matrix, voxelSize: voxelSize?.metres ?? HeadPhantom.defaultGeometry.voxelSize,
      channels: channels, echoTimes: parameters.echoTimes, signalToNoise: snr)
    func write(_ text: String, to name: String) throws {
      try AtomicFile.write(text, to: "\(folder.temporaryPath)/\(name)")
    }
    var table = "participant_id\tage\tseed\n"
    let digits = max(2, "\(count)".count)
    for index in 0..<count {
      let number = "\(index + 1)"
      let name = "sub-" + String(repeating: "0", count: digits - number.count) + number
      table += "\(name)\t\(ages.age(of: index, among: count))\t\(seed &+ UInt64(index))\n"
    }
    try write(table, to: "participants.tsv")
    let nuclei = zip(Tissue.ironRichNuclei, ["Ca", "Pu", "GPe", "GPi", "SNr", "SNc", "RN"])
    try write(
      "index\tname\n" + nuclei.map { "\($0.rawValue)\t\($1)\n" }.joined(), to: CohortSource.namesFile)
    try write(try simulation.json() + "\n", to: CohortSimulation.file)
    try folder.commit()
    print(
      "\(output): \(count) subjects of \(ages), to be simulated when kspace study --cohort \(output) asks for them"
    )
  }

  /// A cohort that exists as a table.
  private static let cohortFolder = AtomicFolder.Kind(
    marker: CohortSimulation.file,
    holds: { ["participants.tsv", CohortSource.namesFile, CohortSimulation.file].contains($0) })
}

/// A range of ages in years, such as `18-75`.
struct AgeRange: ExpressibleByArgument, CustomStringConvertible {
  let youngest: Int
  let oldest: Int

  init(_ youngest: Int, _ oldest: Int) {
    self.youngest = youngest
    self.oldest = oldest
  }

  init?(argument: String) {
    let words = argument.split(separator: "-", omittingEmptySubsequences: false)
    guard words.count == 2, let first = Int(words[0]), let last = Int(words[1]), 0 <= first, first <= last,
      last <= 120
    else { return nil }
    self.init(first, last)
  }

  /// The age of one of many, from the youngest to the oldest in even steps, in whole years.
  func age(of index: Int, among count: Int) -> Int {
    guard count > 1 else { return (youngest + oldest) / 2 }
    return youngest + Int((Double((oldest - youngest) * index) / Double(count - 1)).rounded())
  }

  var description: String { "\(youngest) to \(oldest) years" }
}
