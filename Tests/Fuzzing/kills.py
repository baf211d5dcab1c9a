#!/usr/bin/env python3
"""Kills commands that write, at moments by chance, and looks at what is there afterwards.

    python3 Tests/Fuzzing/kills.py --kspace .build/release/kspace --kills 1000

Every output must be absent or whole: the bytes of a run that nobody disturbed. With `--force`, the name must stand for the old
output or for the new one at every moment. Nothing may be left in the folder for temporary files, and after the next run of
the command nothing hidden beside the output either.
"""

import argparse
import collections
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import running
import seeds

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QUICK = ["--threads", "1", "--progress", "none"]
SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]


class Writer:
    """A command that writes: its words, the words of another run whose output it replaces, and its outputs."""

    def __init__(self, words, other, outputs, force="--force", stdin=None, continues=False):
        self.words, self.other, self.outputs = words.split(), other.split(), outputs
        self.force, self.stdin, self.continues = force, stdin, continues


HEAD = "phantom --matrix 16x20x8 --voxel-size 12x12x20mm --channels 2 --echoes 2 --threads 1 --progress none"
WRITERS = {
    "mask.npy": Writer("mask poisson --matrix 120x60 --acceleration 3 --seed 1 -o new.npy", "mask poisson --matrix 120x60 --acceleration 3 --seed 2 -o new.npy", ["new.npy", "new.json"]),
    "mask.cfl": Writer("mask uniform --matrix 120x60 --step 2x1 -o new.cfl", "mask uniform --matrix 120x60 --step 3x1 -o new.cfl", ["new.cfl", "new.hdr", "new.json"]),
    "mask.csv": Writer("mask convert mask.npy -o new.csv", "mask convert mask.npy -o new.csv --order center-out", ["new.csv", "new.json"]),
    "mask.png": Writer("mask convert mask.npy -o new.png", "mask uniform --matrix 20x20 --step 2x1 -o new.png", ["new.png", "new.json"]),
    "mask check": Writer("mask check masks", "mask check masks", ["masks"], force=None),
    "phantom": Writer(HEAD + " --seed 1 -o new.h5", HEAD + " --seed 2 -o new.h5", ["new.h5", "new_truth"]),
    "phantom --cohort": Writer("phantom --cohort 40 --seed 1 -o new", "phantom --cohort 39 --seed 2 -o new", ["new"]),
    "undersample.h5": Writer("undersample scan.h5 --mask mask.npy -o new.h5", "undersample scan.h5 --acceleration 3 --calibration 2x2 -o new.h5", ["new.h5"]),
    "undersample.mrd": Writer("undersample scan.mrd --mask mask.npy -o new.mrd", "undersample scan.mrd --acceleration 3 --calibration 2x2 -o new.mrd", ["new.mrd"]),
    "convert.npy": Writer("convert scan.h5 -o new.npy", "convert scan.h5 --images -o new.npy", ["new.npy", "new.json"]),
    "convert.h5": Writer("convert array.npy -o new.h5", "convert array.npy --tr 50ms -o new.h5", ["new.h5"]),
    "reconstruct": Writer("reconstruct scan.h5 -o new --method zero-filled", "reconstruct few.mrd -o new --method zero-filled", ["new"]),
    "reconstruct grappa": Writer("reconstruct few.mrd -o new --method sense --channels", "reconstruct scan.mrd -o new --method zero-filled", ["new"]),
    "qsm": Writer("qsm rec --mask true_mask.nii -o new --intermediates", "qsm rec --mask true_mask.nii -o new --inversion tkd", ["new"]),
    "compare": Writer("compare true_field.nii true_chi.nii -o new", "compare true_chi.nii true_field.nii -o new", ["new"]),
    "time": Writer("time protocol_study.json --chart new.svg", "time protocol_high.json --chart new.svg", ["new.svg"]),
    "study": Writer("study scan.h5 -o new --methods zero-filled --accelerations 2 --calibration 4x2 --mask true_mask.nii --no-susceptibility", "", ["new"], force=None, continues=True),
    "serve": Writer("serve --stdio --save kept", "", ["kept"], force=None, stdin="session.bin"),
}


def digest(path):
    """What a file or folder holds, its names and bytes; `None` if it is not there. Locks and a study's records of its work do not count."""
    if not os.path.lexists(path):
        return None
    names = [""] if os.path.isfile(path) else sorted(
        os.path.relpath(os.path.join(where, name), path) for where, _, files in os.walk(path) for name in files
        if name != ".lock" and "/.work" not in where)
    total = hashlib.sha256()
    for name in names:
        total.update(name.encode() + b"\0")
        with open(os.path.join(path, name) if name else path, "rb") as file:
            total.update(file.read() + b"\0")
    return total.hexdigest()


def hidden(folder):
    """Unfinished work in a folder or below, and claims of a study's units."""
    return sorted(name for place, folders, files in os.walk(folder) for name in folders + files
                  if name.startswith(".") and name not in (".lock", ".work", ".bidsignore") or place.endswith("/.work/claims"))


class Driver:
    def __init__(self, kspace, work):
        self.kspace, self.work = os.path.abspath(kspace), work
        self.seeds = os.path.join(work, "seeds")
        if not os.path.exists(self.seeds):
            seeds.make(self.kspace, self.seeds, os.path.join(ROOT, "Protocols"))
            os.mkdir(os.path.join(self.seeds, "kept"))
            os.mkdir(os.path.join(self.seeds, "masks"))
            for number in range(8):
                self.start(["mask", "poisson", "--matrix", "40x20", "--acceleration", "3", "--seed", str(number), "-o", f"masks/{number}.npy"], self.seeds, work).wait()
        self.results, self.times = {}, {}

    def start(self, words, folder, temporary, stdin=None):
        environment = {"PATH": os.environ.get("PATH", ""), "TMPDIR": temporary, "SWIFT_BACKTRACE": "enable=no", "LC_ALL": "C.UTF-8"}
        source = open(os.path.join(folder, stdin), "rb") if stdin else subprocess.DEVNULL
        process = subprocess.Popen([self.kspace, *words], cwd=folder, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, start_new_session=True)
        if stdin:
            source.close()
        return process

    def prepared(self, name):
        folder, temporary = os.path.join(self.work, name), running.emptied(os.path.join(self.work, "tmp"))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.seeds, folder)
        return folder, temporary

    def run(self, words, folder, temporary, stdin=None):
        return self.start(words, folder, temporary, stdin).wait()

    def whole(self, name):
        """The outputs of runs that nobody disturbs, and the time that one takes."""
        if name in self.results:
            return self.results[name]
        writer, outputs = WRITERS[name], []
        # What was asked for is noted in some outputs, and `--force` with it.
        for words in [writer.words, writer.words + [writer.force] if writer.force else writer.words]:
            folder, temporary = self.prepared("whole")
            start = time.monotonic()
            status = self.run(words, folder, temporary, writer.stdin)
            assert status == 0, f"{' '.join(words)} ends with {status}"
            self.times[name] = time.monotonic() - start
            outputs.append([digest(os.path.join(folder, output)) for output in writer.outputs])
        self.results[name] = outputs
        return outputs

    def kill(self, name, chance):
        """Kills a command once; what is wrong afterwards, and whether it was still at work."""
        writer = WRITERS[name]
        new, forced = self.whole(name)
        replaces = writer.force is not None and chance.random() < 0.5
        folder, temporary = self.prepared("kill")
        if replaces:
            self.run(writer.other, folder, temporary)
        before = [digest(os.path.join(folder, output)) for output in writer.outputs]
        words = writer.words + ([writer.force] if replaces else [])
        process = self.start(words, folder, temporary, writer.stdin)
        number = chance.choice(SIGNALS)
        # More often near the end, when files get their names.
        moment = self.times[name] * (chance.uniform(0, 1.2) if chance.random() < 0.5 else chance.uniform(0.7, 1.1))
        if running.ended(process, moment):
            number = None
        else:
            os.kill(process.pid, number)
        status = process.wait(timeout=120)
        was_killed = number is not None and (status == -number or status == 128 + number)
        if not was_killed and status != 0:
            return f"status {status}", was_killed
        if os.listdir(temporary):
            return "left in the temporary folder: " + ", ".join(os.listdir(temporary)), was_killed
        if writer.stdin is None and not writer.continues:
            for output, whole, earlier in zip(writer.outputs, forced if replaces else new, before):
                found = digest(os.path.join(folder, output))
                if os.path.isdir(os.path.join(folder, output)) and hidden(os.path.join(folder, output)):
                    # A folder of several outputs, each of them whole: the next run tells.
                    continue
                if replaces and found is None:
                    return f"{output} is gone", was_killed
                if found not in (whole, earlier):
                    return f"{output} is not whole", was_killed
        # The next run sets all right.
        again = self.run(writer.words + ([writer.force] if writer.force else []), folder, temporary, writer.stdin)
        if again != 0:
            return f"the next run ends with {again}", was_killed
        if left := hidden(folder):
            return f"left beside the output: {left[0][:12]}...", was_killed
        if os.listdir(temporary):
            return "left in the temporary folder by the next run", was_killed
        if writer.stdin is None:
            found = [digest(os.path.join(folder, output)) for output in writer.outputs]
            if found != forced:
                return "the next run gives something else", was_killed
        return None, was_killed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kspace", required=True)
    parser.add_argument("--kills", type=int, default=100, help="how many that reach their command at work")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=WRITERS)
    parser.add_argument("--work", help="a folder to work in; kept")
    options = parser.parse_args()
    work = os.path.abspath(options.work or tempfile.mkdtemp(prefix="kspace-kills-"))
    os.makedirs(work, exist_ok=True)
    driver = Driver(options.kspace, work)
    counts, found, tries = collections.Counter(), collections.Counter(), 0
    names = options.only or list(WRITERS)
    while sum(counts.values()) < options.kills and tries < 20 * options.kills:
        name = names[tries % len(names)]
        problem, was_killed = driver.kill(name, random.Random(f"{options.seed}/{tries}"))
        tries += 1
        counts[name] += was_killed
        if problem:
            found[f"{name}: {problem}"] += 1
            print(f"{tries}: {name}: {problem}", flush=True)
            shutil.copytree(os.path.join(work, "kill"), os.path.join(work, f"found-{tries}"), dirs_exist_ok=True)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    print(f"{sum(counts.values())} kills of commands at work in {tries} runs, {sum(found.values())} findings")
    if not options.work and not found:
        shutil.rmtree(work)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
