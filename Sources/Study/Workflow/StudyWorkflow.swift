import Files
import Foundation

/// The files by which an engine makes a study: its parts, in any order and on any machines, and then the report.
///
/// Nothing but the engine is needed to run them. What is interrupted is started again, what fails is told by the report, and
/// what is there is never made twice: the whole may be submitted again at any time.
public struct StudyWorkflow: Sendable {
  /// What starts processes.
  public enum Engine: String, Sendable, CaseIterable {
    case slurm, snakemake, make
  }

  /// What a part is called within a command; each engine has its own way to name it.
  public static let part = "@PART@"
  /// What the number of threads is called within a command.
  public static let threadCount = "@THREADS@"

  /// The command that makes a part, its words quoted for a shell, with ``part`` and ``threadCount`` in it.
  public var making: String
  /// The command that writes the report.
  public var merging: String
  /// How it was asked for, for readers.
  public var origin: String
  /// The folder in which commands run.
  public var directory: String
  /// The study's folder, as ``making`` names it.
  public var output: String
  /// The number of parts.
  public var parts: Int
  /// How many parts at most are made at one time; `nil` for no limit.
  public var concurrent: Int?
  /// The number of threads of each.
  public var threads: Int
  /// The memory that a part needs [bytes].
  public var memory: Double
  /// The time that a part needs [s].
  public var seconds: Double
  /// How often a part that was interrupted or killed is begun again.
  public var retries = 3
  /// Further options for Slurm, such as an account or a partition.
  public var options: [String] = []

  /// Describes a study that was planned.
  ///
  /// Engines are asked for half as much again of memory, and for three times the estimated time, as machines differ.
  public init(
    of plan: StudyPlan, making: String, merging: String, origin: String, directory: String, parts: Int,
    threads: Int
  ) {
    let needs = plan.needs(ofPartsOf: parts)
    self.making = making
    self.merging = merging
    self.origin = origin
    self.directory = directory
    output = plan.folder
    self.parts = parts
    self.threads = threads
    memory = max(1e9, 1.5 * needs.memory + 0.2e9)
    seconds = max(600, 3 * needs.cpuSeconds / Double(threads) + 120)
  }

  /// The files by their names; those that are to be run are programs of the shell.
  public func files(for engine: Engine) -> [String: String] {
    switch engine {
    case .slurm: slurm
    case .snakemake: snakemake
    case .make: ["Makefile": makefile]
    }
  }

  /// What a folder of workflow files holds, also when they were used.
  private static let kind = AtomicFolder.Kind(
    marker: "plan.json",
    holds: {
      [
        "plan.json", "parts.sbatch", "report.sbatch", "submit.sh", "Snakefile", "slurm", "Makefile", "logs",
        "done", ".snakemake",
      ].contains($0)
    })

  /// Writes the files, and the plan beside them, into a folder that appears when it is whole.
  ///
  /// - Throws: ``FileError``; ``InputError`` if the folder exists and may not be replaced.
  public func write(for engine: Engine, plan: StudyPlan, to output: String, replacing: Bool) throws {
    let folder = try AtomicFolder(output, kind: Self.kind, replacing: replacing)
    for (name, text) in files(for: engine) {
      let path = "\(folder.temporaryPath)/\(name)"
      try FileManager.default.createDirectory(
        at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
      try AtomicFile.write(text, to: path)
    }
    try AtomicFile.write(plan.json() + "\n", to: "\(folder.temporaryPath)/plan.json")
    try folder.commit()
  }

  /// What was written and how it is used, for the user.
  public func summary(of plan: StudyPlan, for engine: Engine, in folder: String) -> String {
    let usage =
      switch engine {
      case .slurm: "sh \(folder)/submit.sh"
      case .snakemake:
        "snakemake --snakefile \(folder)/Snakefile --cores all; on a cluster with --profile \(folder)/slurm"
      case .make: "make -f \(folder)/Makefile -k -j N"
      }
    return """
      \(folder): \(counted(plan.units.count, "unit")) (\(plan.states)) in \(counted(parts, "part")), each with \
      \(counted(threads, "thread")), \(megabytes) MB and \(minutes) minutes
      \(usage)
      """
  }

  /// Text in single quotes where a shell would take it for more than text.
  public static func quoted(_ word: String) -> String {
    let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./,=@:+".contains($0)) }
    return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  func command(part: String, threads: String) -> String {
    making.replacing(Self.part, with: part).replacing(Self.threadCount, with: threads)
  }

  /// The memory as engines count it [MiB].
  public var megabytes: Int { Int((memory / 1_048_576).rounded(.up)) }
  /// The time as engines count it.
  public var minutes: Int { Int((seconds / 60).rounded(.up)) }
}
