import ArgumentParser
import Foundation
import KSpaceToolkit

extension StudyWorkflow.Engine: ExpressibleByArgument {}

/// `kspace workflow`: a study on an engine that starts processes.
struct Workflow: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes what Slurm, Snakemake or make need to make a study by many processes.",
    discussion: """
      After -- stand the arguments of `kspace study`. The study is planned, and cut into parts that any number of machines \
      may make at once on a shared file system; memory and time are asked for by the plan. For example:

        kspace workflow slurm -o jobs --parts 59 --threads 4 -- --cohort cohort -o group --methods grappa
        sh jobs/submit.sh
        kspace study --status group

      slurm: an array with requeueing, a report that follows whatever became of it, and submit.sh. snakemake: a Snakefile, \
      and a profile for the executor plugin for Slurm. make: a Makefile for one machine.
      """)

  @Argument(help: "What starts the processes: slurm, snakemake or make.")
  var engine: StudyWorkflow.Engine

  @Option(name: .shortAndLong, help: "The folder to write.")
  var output: String

  @Option(
    help:
      "The number of parts; as many as there are subjects, or cells of a single one, and at most 1000, unless given."
  )
  var parts: Int?

  @Option(help: "How many parts are made at one time at most.")
  var atOnce: Int?

  @Option(help: "The number of threads of each part.")
  var threads = 2

  @Option(
    parsing: .unconditional, help: "Further options of sbatch, such as '--account=mri --partition=long'.")
  var slurmOptions: String?

  @Flag(help: "Replace outputs that exist.")
  var force = false

  @Argument(parsing: .postTerminator, help: "The arguments of `kspace study`.")
  var study: [String] = []

  func validate() throws {
    try OutputPath.checkName(of: output)
    for (name, value) in [("--parts", parts), ("--at-once", atOnce), ("--threads", threads)] {
      if let value, value < 1 { throw ValidationError("\(name) \(value): at least one is needed.") }
    }
    if study.isEmpty { throw ValidationError("Give the arguments of kspace study after --.") }
  }

  func run() throws {
    guard let command = try StudyCommand.parseAsRoot(study) as? StudyCommand else {
      throw ValidationError("Give the arguments of kspace study after --.")
    }
    let choices = command.sharing
    if choices.shard != nil || choices.merge || choices.plan || choices.status != nil
      || command.running.dryRun
    {
      throw ValidationError(
        "--shard, --merge, --plan, --status and --dry-run are the workflow's own: leave them out.")
    }
    let plan = try command.plan()
    let count = min(
      parts ?? (plan.subjects > 1 ? min(1000, plan.subjects) : plan.units.count), plan.units.count)
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "kspace"
    let words = ([program, "study"] + study).map(StudyWorkflow.quoted).joined(separator: " ")
    // The last of two numbers of threads prevails.
    var workflow = StudyWorkflow(
      of: plan, making: "\(words) --shard \(StudyWorkflow.part) --threads \(StudyWorkflow.threadCount)",
      merging: "\(words) --merge",
      origin: "Written by kspace \(ToolkitVersion.text): kspace workflow \(engine.rawValue) ... -- "
        + study.map(StudyWorkflow.quoted).joined(separator: " "),
      directory: FileManager.default.currentDirectoryPath, parts: count, threads: threads)
    workflow.concurrent = atOnce
    workflow.options = slurmOptions?.split(separator: " ").map(String.init) ?? []
    try workflow.write(for: engine, plan: plan, to: output, replacing: force)
    try Terminal.deliver(workflow.summary(of: plan, for: engine, in: output))
  }
}
