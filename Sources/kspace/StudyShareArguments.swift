import ArgumentParser
import Foundation
import KSpaceToolkit

/// How many processes work on one study.
struct StudyShareArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Make one part of the study, such as 3/8, beside other processes on any machines that share the folder; auto takes the \
      part from Slurm's array or MPI's rank. No report is made: run --merge when all have ended.
      """, valueName: "I/N or auto"))
  var shard: ShardArgument?

  @Flag(help: "Make nothing: write the report from what is there, and tell what is missing and why.")
  var merge = false

  @Flag(help: "List all units, how far each is, and what it takes, and stop.")
  var plan = false

  @Option(help: "Tell how far the work on a study's folder is, and stop; nothing else is needed.")
  var status: String?

  @Flag(help: "Print --plan or --status as JSON.")
  var json = false

  func validate() throws {
    if merge, shard != nil {
      throw ValidationError("--merge follows when all parts are made: leave out --shard.")
    }
    if json, !plan, status == nil { throw ValidationError("--json belongs to --plan or --status.") }
  }

  /// What is made.
  ///
  /// - Throws: ``InputError`` if the environment tells no part.
  func share() throws -> StudyShare {
    if merge { return .nothing }
    return try shard.map { .shard(try $0.shard()) } ?? .everything
  }

  /// Prints a plan.
  func deliver(_ plan: StudyPlan) throws {
    try Terminal.deliver(json ? plan.json() : plan.text)
  }

  /// Tells what a part lacks, and ends with the status that engines go by.
  func end(_ shard: StudyShard, of output: String, _ missing: [MissingUnit]) throws {
    for unit in missing { Terminal.report("kspace: \(unit)") }
    if missing.contains(where: { if case .failed = $0.reason { true } else { false } }) { throw ExitCode(4) }
    if !missing.isEmpty { throw ExitCode(75) }
    Terminal.report("kspace: part \(shard) of \(output) is made; --merge writes the report when all are.")
  }

  /// Notes signals, and gives the work at hand back where it cannot be ended in time.
  func postponeInterruption() {
    Interruption.postpone(grace: shard == nil ? nil : 15)
  }
}

/// A part of a study, `3/8`, or `auto`.
struct ShardArgument: ExpressibleByArgument {
  private let named: StudyShard?

  init?(argument: String) {
    named = StudyShard(argument)
    if named == nil, argument != "auto" { return nil }
  }

  /// The part, from the environment if it is not named.
  ///
  /// - Throws: ``InputError`` if the environment tells none.
  func shard() throws -> StudyShard {
    try named ?? StudyShard(environment: ProcessInfo.processInfo.environment)
  }
}
