extension StudyWorkflow {
  /// An array of parts, the report that follows whatever became of them, and what submits both.
  var slurm: [String: String] {
    ["parts.sbatch": slurmParts, "report.sbatch": slurmReport, "submit.sh": slurmSubmission]
  }

  private func header(_ name: String, log: String, _ lines: [String]) -> String {
    let common = [
      "--job-name=\(name)", "--chdir=\(Self.quoted(directory))", "--output=\(log)", "--open-mode=append",
    ]
    return (["#!/bin/bash", "# \(origin)"] + (common + lines + options).map { "#SBATCH \($0)" })
      .joined(separator: "\n")
  }

  private var slurmParts: String {
    header(
      "kspace-parts", log: "%x-%a.log",
      [
        "--array=1-\(parts)" + (concurrent.map { "%\($0)" } ?? ""), "--cpus-per-task=\(threads)",
        "--mem=\(megabytes)M", "--time=\(minutes)", "--requeue", "--signal=B:TERM@60",
      ]) + """


        \(command(part: "\"$SLURM_ARRAY_TASK_ID\"/\(parts)", threads: "\"${SLURM_CPUS_PER_TASK:-\(threads)}\"")) &
        child=$!
        trap 'kill -TERM $child 2>/dev/null' TERM
        wait $child
        status=$?
        # The shell returns from waiting when a signal comes; the command ends a little later.
        while kill -0 $child 2>/dev/null; do
          wait $child
          status=$?
        done
        # 75 is for what was interrupted, more than 128 for what was killed: both go on where they were.
        if { [ $status = 75 ] || [ $status -gt 128 ]; } && [ "${SLURM_RESTART_COUNT:-0}" -lt \(retries) ]; then
          scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" && sleep 60
        fi
        exit $status

        """
  }

  private var slurmReport: String {
    header(
      "kspace-report", log: "%x.log", ["--cpus-per-task=1", "--mem=\(max(2048, megabytes))M", "--time=60"])
        + """


        exec \(merging)

        """
  }

  private var slurmSubmission: String {
    """
    #!/bin/sh
    # \(origin)
    # Submits all parts and the report; again, after some have failed, as what is there is not made again.
    set -e
    cd "$(dirname "$0")"
    logs=$PWD/logs
    mkdir -p "$logs"
    parts=$(sbatch --parsable --output="$logs/%x-%a.log" parts.sbatch)
    report=$(sbatch --parsable --output="$logs/%x.log" --dependency="afterany:${parts%%;*}" report.sbatch)
    echo "parts: job ${parts%%;*}, report: job ${report%%;*}, logs: $logs"

    """
  }
}
