extension StudyWorkflow {
  /// A Snakefile, and a profile for the executor plugin for Slurm.
  var snakemake: [String: String] {
    ["Snakefile": snakefile, "slurm/config.yaml": snakemakeProfile]
  }

  /// A part whose failures the report tells is done; what was interrupted is not.
  private func part(_ text: String) -> String { "\(text) || [ $? = 4 ]" }

  private var snakefile: String {
    let making = command(part: "{wildcards.part}/\(parts)", threads: "{threads}")
    // Braces of the user's own words are no fields.
    return """
      # \(origin)
      import os

      FILES = os.path.abspath(workflow.basedir)
      LOGS = os.path.join(FILES, "logs")
      DONE = os.path.join(FILES, "done")

      rule report:
          input: expand(os.path.join(DONE, "{part}"), part=range(1, \(parts) + 1))
          resources: mem_mb=\(max(2048, megabytes)), runtime=60
          params: logs=LOGS, directory=\(literal(directory)), command=\(literal(merging))
          log: os.path.join(LOGS, "report.log")
          shell: "cd {params.directory:q} && bash -c {params.command:q} > {log:q} 2>&1"

      rule part:
          output: touch(os.path.join(DONE, "{part}"))
          threads: \(threads)
          resources: mem_mb=\(megabytes), runtime=\(minutes)
          retries: \(retries)
          params:
              directory=\(literal(directory)),
              command=lambda wildcards, threads: \(literal(part(making))).replace("{wildcards.part}", wildcards.part).replace("{threads}", str(threads)),
          log: os.path.join(LOGS, "part-{part}.log")
          shell: "cd {params.directory:q} && bash -c {params.command:q} > {log:q} 2>&1"

      """
  }

  private var snakemakeProfile: String {
    // Values are expressions of Python; a partition called "all" would be its function.
    func text(_ value: String) -> String { literal("'\(value)'") }
    // What the plugin has names of its own for; the rest is passed on.
    var resources: [String] = [], rest: [String] = []
    for option in options {
      let words = option.split(separator: "=", maxSplits: 1).map(String.init)
      switch words.first {
      case "--account" where words.count == 2: resources.append("slurm_account: \(text(words[1]))")
      case "--partition" where words.count == 2: resources.append("slurm_partition: \(text(words[1]))")
      default: rest.append(option)
      }
    }
    if !rest.isEmpty { resources.append("slurm_extra: \(text(rest.joined(separator: " ")))") }
    let defaults = resources.isEmpty ? "" : "default-resources:\n" + resources.map { "  \($0)\n" }.joined()
    return """
      # \(origin)
      executor: slurm
      jobs: \(concurrent ?? parts)
      keep-going: true
      retries: \(retries)
      latency-wait: 60
      \(defaults)
      """
  }

  /// A text of Python.
  private func literal(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// Rules for one machine.
  var makefile: String {
    let making = command(part: "$*/\(parts)", threads: "\(threads)")
    return """
      # \(origin)
      # make -f this file -k -j N makes N parts at a time, and the report when none is left; what failed is told by the report.
      FILES := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
      PARTS := $(patsubst %,part-%,$(shell seq 1 \(parts)))

      .PHONY: report $(PARTS)
      .DEFAULT_GOAL := report

      report: $(PARTS)
      \tcd \(dollars(Self.quoted(directory))) && \(dollars(merging))

      # Status 75 is for what was interrupted, more than 128 for what was killed: both go on where they were.
      $(PARTS): part-%:
      \t@mkdir -p "$(FILES)/logs"
      \tcd \(dollars(Self.quoted(directory))) && for try in $$(seq 0 \(retries)); do \\
      \t  \(dollars(making).replacing("$$*", with: "$*")) >> "$(FILES)/logs/part-$*.log" 2>&1; status=$$?; \\
      \t  [ $$status = 75 ] || [ $$status -gt 128 ] || break; \\
      \tdone; [ $$status = 0 ] || [ $$status = 4 ] || exit $$status

      """
  }

  private func dollars(_ text: String) -> String { text.replacing("$", with: "$$") }
}
