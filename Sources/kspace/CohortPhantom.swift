import ArgumentParser
import KSpaceToolkit

extension Phantom {
  /// Writes a cohort: a table of subjects whose ages are spread evenly, and how they are to be scanned.
  func writeCohort(of count: Int) throws {
    guard snr.isFinite else {
      throw ValidationError("--snr inf: a cohort without noise says nothing of a group; give a number.")
    }
    try CohortSimulation.check(output, replacing: running.force)
    let plan =
      "\(output): \(count) subjects of \(ages), to be simulated when kspace study --cohort \(output) asks for them"
    if running.dryRun { return print(plan) }
    Interruption.postpone()
    let simulation = CohortSimulation(
      matrix: matrix, voxelSize: voxelSize?.metres ?? HeadPhantom.defaultGeometry.voxelSize,
      channels: channels, echoTimes: parameters.echoTimes, signalToNoise: snr)
    try simulation.write(
      to: output, subjects: count, ages: ages.youngest...ages.oldest, seed: seed, replacing: running.force)
    print(plan)
  }
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

  var description: String { "\(youngest) to \(oldest) years" }
}
