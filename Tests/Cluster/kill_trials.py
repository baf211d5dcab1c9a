#!/usr/bin/env python3
"""Several processes on one study's folder, killed at random: kill_trials.py KSPACE [--trials 200] [--seed 1].

Each trial starts two to four processes with parts of one cohort, some with the same part, kills some of them at random
moments (SIGKILL; now and then SIGTERM), starts those again, and merges. It must hold every time:

* who was not killed ends with 0, or with 75 if another was making its unit;
* no unit failed, the merged files are those of a single process to the last byte;
* no claim, no unfinished file and no scratch file is left.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("kspace")
parser.add_argument("--trials", type=int, default=200)
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
kspace = os.path.abspath(options.kspace)
chance = random.Random(options.seed)
work = pathlib.Path(tempfile.mkdtemp(prefix="kspace-trials-"))
scratch = work / "tmp"
scratch.mkdir()
environment = dict(os.environ, TMPDIR=str(scratch), SOURCE_DATE_EPOCH="1795000000", OPENBLAS_NUM_THREADS="1")
study = ["study", "--cohort", "cohort", "--label-names", "names.tsv", "--methods", "zero-filled",
         "--accelerations", "2,3", "--calibration", "8x8", "--threads", "1", "--progress", "none", "-o"]


def start(*arguments):
    return subprocess.Popen([kspace, *arguments], cwd=work, env=environment, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def run(*arguments, allowed=(0,)):
    process = start(*arguments)
    out, errors = process.communicate()
    if process.returncode not in allowed:
        raise SystemExit(f"{' '.join(arguments)}: exit {process.returncode}\n{errors[-2000:]}")
    return process.returncode


def content(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file() and ".work" not in p.parts)
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


def leftovers(folder):
    left = [str(p) for p in folder.rglob("*") if ".partial-" in p.name]
    left += [str(p) for p in (folder / ".work/claims").iterdir()] + [str(p) for p in scratch.iterdir()]
    return left


run("phantom", "--cohort", "3", "--matrix", "16x20x14", "--voxel-size", "10x10x8mm", "--channels", "2",
    "--echo-times", "4ms,8ms", "--snr", "100", "-o", "cohort")
(work / "names.tsv").write_text("index\tname\n12\tPu\n7\tthalamus\n")
began = time.time()
run(*study, "alone")
duration = time.time() - began
expected = content(work / "alone")
kills = terms = resumed = 0
for trial in range(options.trials):
    folder = work / "shared"
    count = chance.randint(2, 4)
    parts = [f"{1 + index % count}/{count}" for index in range(count)]
    # Now and then two have the same part, or more parts than subjects split the cells of one.
    if chance.random() < 0.3:
        parts[-1] = parts[0]
    if chance.random() < 0.3:
        parts = [f"{1 + index}/9" for index in chance.sample(range(9), count)]
    waiting = [(part, None) for part in parts]
    plan = [(part, chance.random() * duration if chance.random() < 0.7 else None) for part, _ in waiting]
    while plan:
        alive = []
        now = time.time()
        for part, delay in plan:
            alive.append((start(*study, "shared", "--shard", part), part, delay, now))
        plan = []
        pending = {entry[0].pid for entry in alive if entry[2] is not None}
        victims = {}
        while pending:
            for process, part, delay, since in alive:
                if process.pid in pending and time.time() - since > delay:
                    pending.discard(process.pid)
                    number = signal.SIGTERM if chance.random() < 0.2 else signal.SIGKILL
                    if process.poll() is None:
                        process.send_signal(number)
                        victims[process.pid] = number
            time.sleep(0.01)
        for process, part, delay, since in alive:
            errors = process.communicate()[1]
            number = victims.get(process.pid)
            if number == signal.SIGKILL and process.returncode == -signal.SIGKILL:
                kills += 1
                plan.append((part, chance.random() * duration if chance.random() < 0.3 else None))
            elif number == signal.SIGTERM and process.returncode in (75, -signal.SIGTERM):
                terms += 1
                plan.append((part, None))
            elif process.returncode == 75 and "in work" in errors:
                resumed += 1
                plan.append((part, None))
            elif process.returncode:
                raise SystemExit(f"trial {trial}: part {part} ended with {process.returncode}\n{errors[-2000:]}")
    missing = run(*study, "shared", "--merge", allowed=(0, 3, 4))
    if missing:
        # Parts that nobody was given are nobody's fault.
        run(*study, "shared")
    for log in (folder / ".work/log").glob("*.jsonl"):
        for line in log.read_text().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if "failure" in entry:
                raise SystemExit(f"trial {trial}: {entry}")
    made = content(folder)
    if made != expected:
        names = [n for n in set(made) | set(expected) if made.get(n) != expected.get(n)]
        raise SystemExit(f"trial {trial}: {names} differ")
    if leftovers(folder):
        raise SystemExit(f"trial {trial}: left {leftovers(folder)}")
    shutil.rmtree(folder)
    if trial % 20 == 19:
        print(f"{trial + 1} trials, {kills} killed, {terms} ended, {resumed} resumed, {time.time() - began:.0f} s", flush=True)
print(f"{options.trials} trials with 2 to 4 processes: {kills} were killed and {terms} asked to end; nothing failed, nothing "
      f"is left, all files are those of one process")
shutil.rmtree(work)
