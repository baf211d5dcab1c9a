#!/usr/bin/env python3
"""What sharding costs: the CPU time of a cohort of 59 tiny subjects by one process, and by two parts: overhead.py KSPACE [--rounds 3].

Parts run one after the other, as processes that compete for caches would be measured otherwise; the first part has 30 of 59 subjects.
"""
import argparse
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("kspace")
parser.add_argument("--rounds", type=int, default=3)
options = parser.parse_args()
kspace = os.path.abspath(options.kspace)
work = pathlib.Path(tempfile.mkdtemp(prefix="kspace-overhead-"))
environment = dict(os.environ, OPENBLAS_NUM_THREADS="1")


def seconds(*arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([kspace, *arguments], cwd=work, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


seconds("phantom", "--cohort", "59", "--matrix", "16x20x14", "--voxel-size", "10x10x8mm", "--channels", "2", "--echo-times", "4ms,8ms",
        "-o", "cohort")
(work / "names.tsv").write_text("index\tname\n12\tPu\n7\tthalamus\n")
study = ["study", "--cohort", "cohort", "--label-names", "names.tsv", "--methods", "zero-filled", "--accelerations", "2",
         "--calibration", "8x8", "--threads", "1", "-o"]
alone, parts, merges = [], [], []
for _ in range(options.rounds):
    for folder in ("alone", "shared"):
        shutil.rmtree(work / folder, ignore_errors=True)
    alone.append(seconds(*study, "alone"))
    parts.append([seconds(*study, "shared", "--shard", f"{part}/2") for part in (1, 2)])
    merges.append(seconds(*study, "shared", "--merge"))
best, both, merge = min(alone), [min(p[i] for p in parts) for i in (0, 1)], min(merges)
print(f"one process {best:.2f} CPU-s; two parts {both[0]:.2f} and {both[1]:.2f}, merge {merge:.2f}; "
      f"the mean part is {100 * (sum(both) / best - 1):+.1f} % of half a process's time off, with the merge "
      f"{100 * ((sum(both) + merge) / best - 1):+.1f} % (all rounds: {[round(a, 2) for a in alone]}, {[[round(x, 2) for x in p] for p in parts]})")
shutil.rmtree(work)
