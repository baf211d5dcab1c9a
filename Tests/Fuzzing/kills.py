#!/usr/bin/env python3
"""Kills commands that write, at moments by chance, and looks at what is there afterwards.

    python3 Tests/Fuzzing/kills.py --kspace .build/release/kspace --kills 1000

Every output must be absent or whole: the bytes of a run that nobody disturbed. With `--force`, the name must stand for the old
output or for the new one at every moment. After the next run of the command nothing may be left hidden beside the output or
in the folder for temporary files. Works in memory where it can, as commands else spend their time waiting for the disk.
`--state` keeps how far a run came, so that the next one goes on from there.
"""

import argparse
import collections
import hashlib
import json
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
# What sanitizers need beside the command.
KEPT = {name: os.environ[name] for name in ["LD_PRELOAD", "ASAN_OPTIONS"] if name in os.environ}
SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]


class Writer:
    """A command that writes: its words, the words of another run whose output it replaces, its outputs, and a program that it needs."""

    def __init__(self, words, other, outputs, force="--force", stdin=None, continues=False, program=None):
        self.words, self.other, self.outputs = words.split(), other.split(), outputs
        self.force, self.stdin, self.continues, self.program = force, stdin, continues, program
        # What stands after -- is another command's.
        end = self.words.index("--") if "--" in self.words else len(self.words)
        self.forced = self.words[:end] + ([force] if force else []) + self.words[end:]


HEAD = "phantom --matrix 16x20x8 --voxel-size 12x12x20mm --channels 2 --echoes 2 --threads 1 --progress none"
STUDY = "--methods zero-filled --accelerations 2 --calibration 4x2"
WRITERS = {
    "mask.npy": Writer("mask poisson --matrix 120x60 --acceleration 3 --seed 1 -o new.npy", "mask poisson --matrix 120x60 --acceleration 3 --seed 2 -o new.npy", ["new.npy", "new.json"]),
    "mask.cfl": Writer("mask uniform --matrix 120x60 --step 2x1 -o new.cfl", "mask uniform --matrix 120x60 --step 3x1 -o new.cfl", ["new.cfl", "new.hdr", "new.json"]),
    "mask.csv": Writer("mask convert mask.npy -o new.csv", "mask convert mask.npy -o new.csv --order center-out", ["new.csv", "new.json"]),
    "mask.png": Writer("mask convert mask.npy -o new.png", "mask uniform --matrix 20x20 --step 2x1 -o new.png", ["new.png", "new.json"]),
    "mask check": Writer("mask check masks", "mask check masks", ["masks"], force=None),
    "mask recover": Writer("mask recover few.mrd -o new.npy", "mask recover scan.mrd -o new.npy", ["new.npy", "new.json"]),
    "phantom": Writer(HEAD + " --seed 1 -o new.h5", HEAD + " --seed 2 -o new.h5", ["new.h5", "new_truth"]),
    "phantom --cohort": Writer("phantom --cohort 40 --seed 1 -o new", "phantom --cohort 39 --seed 2 -o new", ["new"]),
    "undersample.h5": Writer("undersample scan.h5 --mask mask.npy -o new.h5", "undersample scan.h5 --acceleration 3 --calibration 2x2 -o new.h5", ["new.h5"]),
    "undersample.mrd": Writer("undersample scan.mrd --mask mask.npy -o new.mrd", "undersample scan.mrd --acceleration 3 --calibration 2x2 -o new.mrd", ["new.mrd"]),
    "convert.npy": Writer("convert scan.h5 -o new.npy", "convert scan.h5 --images -o new.npy", ["new.npy", "new.json"]),
    "convert.cfl": Writer("convert scan.h5 -o new.cfl", "convert scan.h5 --images -o new.cfl", ["new.cfl", "new.hdr", "new.json"]),
    "convert.h5": Writer("convert array.npy -o new.h5", "convert array.npy --tr 50ms -o new.h5", ["new.h5"]),
    "convert.mrd": Writer("convert array.npy -o new.mrd", "convert array.npy --tr 50ms -o new.mrd", ["new.mrd"]),
    "reconstruct": Writer("reconstruct scan.h5 -o new --method zero-filled", "reconstruct few.mrd -o new --method zero-filled", ["new"]),
    "reconstruct --channels": Writer("reconstruct few.mrd -o new --method sense --channels", "reconstruct scan.mrd -o new --method zero-filled", ["new"]),
    "reconstruct --dicom": Writer("reconstruct scan.h5 -o new --method zero-filled --dicom series", "reconstruct few.mrd -o new --method zero-filled --dicom series", ["new", "series"]),
    "qsm": Writer("qsm rec --mask true_mask.nii -o new --intermediates", "qsm rec --mask true_mask.nii -o new --inversion tkd", ["new"]),
    "qsm of DICOM": Writer("qsm dicom --mask true_mask.nii -o new --dicom series", "qsm rec --mask true_mask.nii -o new --inversion tkd --dicom series", ["new", "series"], program="dcm2niix"),
    "compare": Writer("compare true_field.nii true_chi.nii -o new", "compare true_chi.nii true_field.nii -o new", ["new"]),
    "view": Writer("view true_field.nii true_chi.nii -o new.html", "view true_chi.nii -o new.html", ["new.html"]),
    "time": Writer("time protocol_study.json --chart new.svg", "time protocol_high.json --chart new.svg", ["new.svg"]),
    "export onnx": Writer("export onnx --weights weights.safetensors -o new.onnx", "export onnx -o new.onnx", ["new.onnx"]),
    "workflow": Writer(f"workflow snakemake -o new --parts 2 -- scan.h5 -o study {STUDY}", f"workflow make -o new -- scan.h5 -o study {STUDY}", ["new"]),
    "study": Writer(f"study scan.h5 -o new {STUDY} --mask true_mask.nii --no-susceptibility", "", ["new"], force=None, continues=True),
    "bids": Writer("bids bids new participant --method zero-filled --phase-sign positive", "", ["new"], force=None, continues=True),
    "bids group": Writer("bids bids derivatives group", "bids bids derivatives group", ["derivatives"], force=None),
    "serve": Writer("serve --stdio --save kept", "", ["kept"], force=None, stdin="session.bin"),
}


def digest(path):
    """What a file or folder holds, its names and bytes; `None` if it is not there. Locks and a study's records of its work do not count.

    DICOM files have identifiers and times of their own, so that of them only the names and that they begin as such count.
    """
    if not os.path.lexists(path):
        return None
    names = [""] if os.path.isfile(path) else sorted(
        os.path.relpath(os.path.join(where, name), path) for where, _, files in os.walk(path) for name in files
        if name != ".lock" and "/.work" not in where)
    total = hashlib.sha256()
    for name in names:
        total.update(name.encode() + b"\0")
        with open(os.path.join(path, name) if name else path, "rb") as file:
            data = file.read()
            total.update((data[128:132] if name.endswith(".dcm") else data) + b"\0")
    return total.hexdigest()


def hidden(folder):
    """Unfinished work in a folder or below, and claims of a study's units."""
    return sorted(name for place, folders, files in os.walk(folder) for name in folders + files
                  if name.startswith(".") and name not in (".lock", ".work", ".bidsignore") or place.endswith("/.work/claims"))


class Driver:
    def __init__(self, kspace, work):
        self.kspace, self.work = os.path.abspath(kspace), work
        self.words = open(os.path.join(work, "words"), "w+b")
        self.seeds = os.path.join(work, "seeds")
        if not os.path.exists(self.seeds):
            seeds.make(self.kspace, self.seeds, os.path.join(ROOT, "Protocols"))
            self.add_folders()
        self.results, self.times, self.earlier = {}, {}, {}

    def add_folders(self):
        """Folders that commands read or add to: masks, a BIDS data set and what was made of it."""
        for name in ["kept", "masks", "bids/sourcedata/sub-01", "bids/sourcedata/sub-02"]:
            os.makedirs(os.path.join(self.seeds, name))
        with open(os.path.join(self.seeds, "bids/dataset_description.json"), "w") as file:
            file.write('{"Name": "x", "BIDSVersion": "1.10.0"}')
        for subject, scan in [("01", "scan.h5"), ("02", "scan.mrd")]:
            shutil.copy(os.path.join(self.seeds, scan), os.path.join(self.seeds, f"bids/sourcedata/sub-{subject}"))
        for number in range(8):
            self.run(f"mask poisson --matrix 40x20 --acceleration 3 --seed {number} -o masks/{number}.npy".split(), self.seeds, self.work)
        self.run("bids bids derivatives participant --method zero-filled --phase-sign positive".split(), self.seeds, self.work)

    def start(self, words, folder, temporary, stdin=None):
        environment = {"PATH": os.environ.get("PATH", ""), "TMPDIR": temporary, "SWIFT_BACKTRACE": "enable=no", "LC_ALL": "C.UTF-8", **KEPT}
        source = open(os.path.join(folder, stdin), "rb") if stdin else subprocess.DEVNULL
        self.words.seek(0)
        self.words.truncate()
        process = subprocess.Popen([self.kspace, *words], cwd=folder, stdin=source, stdout=subprocess.DEVNULL, stderr=self.words, env=environment, start_new_session=True)
        if stdin:
            source.close()
        return process

    def prepared(self):
        """A folder with all inputs; always the same, as some outputs name it."""
        folder, temporary = os.path.join(self.work, "case"), running.emptied(os.path.join(self.work, "tmp"))
        shutil.rmtree(folder, ignore_errors=True)
        # Commands write anew and never into what is there, so that links are enough.
        shutil.copytree(self.seeds, folder, copy_function=os.link)
        return folder, temporary

    def prepared_with_earlier(self, name):
        """A folder in which the outputs are there already, from another run of the command."""
        if name not in self.earlier:
            folder, temporary = self.prepared()
            self.run(WRITERS[name].other, folder, temporary)
            self.earlier[name] = os.path.join(self.work, f"earlier-{len(self.earlier)}")
            shutil.rmtree(self.earlier[name], ignore_errors=True)
            os.rename(folder, self.earlier[name])
        folder, temporary = self.prepared()
        shutil.rmtree(folder)
        shutil.copytree(self.earlier[name], folder, copy_function=os.link)
        return folder, temporary

    def run(self, words, folder, temporary, stdin=None):
        return self.start(words, folder, temporary, stdin).wait()

    def whole(self, name):
        """The outputs of runs that nobody disturbs, and the time that one takes."""
        if name in self.results:
            return self.results[name]
        writer, outputs = WRITERS[name], []
        # What was asked for is noted in some outputs, and `--force` with it.
        for words in [writer.words, writer.forced]:
            folder, temporary = self.prepared()
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
        folder, temporary = self.prepared_with_earlier(name) if replaces else self.prepared()
        before = [digest(os.path.join(folder, output)) for output in writer.outputs]
        words = writer.forced if replaces else writer.words
        process = self.start(words, folder, temporary, writer.stdin)
        number = chance.choice(SIGNALS)
        # More often near the end, when files get their names.
        moment = self.times[name] * (chance.uniform(0, 1.2) if chance.random() < 0.5 else chance.uniform(0.7, 1.1))
        if running.ended(process, moment):
            number = None
        else:
            os.kill(process.pid, number)
        status = process.wait(timeout=120)
        was_killed = number is not None and (status in (-number, 128 + number) or number == signal.SIGTERM and status == 75)
        if not was_killed and status != 0:
            return f"status {status}", was_killed
        # What bears its owner's mark goes by the next run.
        if left := [name for name in os.listdir(temporary) if not name.startswith(".partial-")]:
            return "left in the temporary folder: " + ", ".join(left), was_killed
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
        again = self.run(writer.forced, folder, temporary, writer.stdin)
        if again != 0:
            self.words.seek(0)
            return f"the next run ends with {again}: {self.words.read().decode(errors='replace').splitlines()[-1:]}", was_killed
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
    parser.add_argument("--state", help="a file that keeps how far runs came, for the next one to go on")
    options = parser.parse_args()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    work = os.path.abspath(options.work or tempfile.mkdtemp(prefix="kspace-kills-", dir=memory))
    os.makedirs(work, exist_ok=True)
    driver = Driver(options.kspace, work)
    state = {"tries": 0, "counts": {}, "found": {}}
    if options.state and os.path.exists(options.state):
        with open(options.state) as file:
            state = json.load(file)
    counts, found, tries = collections.Counter(state["counts"]), collections.Counter(state["found"]), state["tries"]
    goal, last = sum(counts.values()) + options.kills, tries + 20 * options.kills
    names = options.only or [name for name, writer in WRITERS.items() if not writer.program or shutil.which(writer.program)]
    while sum(counts.values()) < goal and tries < last:
        name = names[tries % len(names)]
        problem, was_killed = driver.kill(name, random.Random(f"{options.seed}/{tries}"))
        tries += 1
        counts[name] += was_killed
        if problem:
            found[f"{name}: {problem}"] += 1
            print(f"{tries}: {name}: {problem}", flush=True)
            shutil.copytree(os.path.join(work, "case"), os.path.join(work, f"found-{tries}"), dirs_exist_ok=True)
        if options.state:
            with open(options.state + ".new", "w") as file:
                json.dump({"tries": tries, "counts": counts, "found": found}, file, indent=1)
            os.replace(options.state + ".new", options.state)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    print(f"{sum(counts.values())} kills of commands at work in {tries} runs, {sum(found.values())} findings")
    if not options.work and not found:
        shutil.rmtree(work)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
