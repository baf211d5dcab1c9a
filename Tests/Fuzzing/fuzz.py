#!/usr/bin/env python3
"""Fuzzes the parsers, guided by coverage, one after the other, and goes on where the last run ended.

    python3 Tests/Fuzzing/fuzz.py --fuzzer .build-fuzz/release/FuzzParsers --kspace .build/release/kspace --seconds 600

What was found to matter is kept in `--work`, so that several runs add up; findings lie in `findings/` there. Prints for each
parser how many inputs it took, in how many seconds of the processor, and how much of the code they reached.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import seeds

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# The seeds of each parser, its dictionary, and the longest input worth a try.
PARSERS = {
    "xml": (["XML"], "xml", 16384),
    "stream": (["scan.mrd", "few.mrd", "planar.mrd"], "xml", 16384),
    # Small ones lie in the corpus: those that `kspace` writes are longer.
    "hdf5": ([], "hdf5", 16384),
    "messages": (["session.bin"], "json", 16384),
    "nifti": (["true_chi.nii", "true_mask.nii", "phase1.nii"], None, 4096),
    "array": (["array.npy"], "text", 2048),
    "mask": (["mask.npy"], "text", 2048),
    "positions": (["list.csv"], "text", 2048),
    "cfl": (["bart.hdr", "bartmask.hdr"], "text", 1024),
    "sidecar": (["phase1.json", "mag1.json"], "json", 4096),
    "recipe": (["mask.json", "bartmask.json"], "json", 4096),
    "protocol": (["protocol_study.json", "protocol_high.json"], "json", 4096),
    "table": (["labels.tsv", "participants.tsv"], "text", 2048),
    "safetensors": (["weights.safetensors"], "json", 8192),
    "network": (["padding.onnx", "arithmetic.onnx", "slices.onnx", "deconv3.onnx", "max_pool_ceil.onnx", "linear.onnx"], None, 8192),
    "facts": (["array.json", "bart.json"], "json", 4096),
    "options": (["options.yaml", "options.json"], "text", 2048),
}


def beginnings(folder, names, longest):
    """The seeds of a parser: files cut to what the parser is given at most; a stream is cut between readouts."""
    for name in names:
        with open(os.path.join(folder, "scan.mrd" if name == "XML" else name), "rb") as file:
            data = file.read()
        xml, heads = seeds.stream_parts(data) if name.endswith((".mrd", ".bin", "XML")) else (None, [])
        if name == "XML":
            yield data[xml[0] : xml[1]]
        elif heads:
            end = max([head - 2 for head in heads if head - 2 + 2 <= longest] or [longest])
            yield data[:end] + b"\4\0"
        else:
            yield data[:longest]


def processor_seconds():
    """What the programs that have ended took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fuzzer", required=True)
    parser.add_argument("--kspace", required=True)
    parser.add_argument("--seconds", type=int, default=600, help="for all parsers together")
    parser.add_argument("--only", nargs="+", choices=PARSERS)
    parser.add_argument("--work", default=os.path.join(ROOT, ".build-fuzz", "work"))
    options = parser.parse_args()
    work = os.path.abspath(options.work)
    folder = os.path.join(work, "seeds")
    if not os.path.exists(os.path.join(folder, "session.bin")):
        seeds.make(os.path.abspath(options.kspace), folder, os.path.join(ROOT, "Protocols"))
    names = options.only or list(PARSERS)
    state, failed = os.path.join(work, "state.json"), False
    totals = json.load(open(state)) if os.path.exists(state) else {}
    for name in names:
        files, dictionary, longest = PARSERS[name]
        corpus, first, findings = (os.path.join(work, part, name) for part in ("corpus", "first", "findings"))
        for place in (corpus, first, findings):
            os.makedirs(place, exist_ok=True)
        for index, data in enumerate(beginnings(folder, files, longest)):
            with open(os.path.join(first, str(index)), "wb") as file:
                file.write(data)
        known = os.path.join(HERE, "Corpus", name)
        words = [
            os.path.abspath(options.fuzzer), corpus, first, *([known] if os.path.isdir(known) else []), f"-max_len={longest}", "-timeout=10",
            "-rss_limit_mb=2048", "-malloc_limit_mb=1024", f"-max_total_time={max(1, options.seconds // len(names))}", "-print_final_stats=1",
            "-reload=0", f"-artifact_prefix={findings}/", *([f"-dict={HERE}/Dictionaries/{dictionary}.dict"] if dictionary else []),
        ]
        # The runtime's own tool would hold a process that has failed; libraries leak by design, and the heap is not theirs to judge.
        environment = dict(os.environ, KSPACE_PARSER=name, SWIFT_BACKTRACE="enable=no", ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1")
        before = processor_seconds()
        with open(os.path.join(work, name + ".log"), "w") as log:
            status = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log).returncode
        text = open(os.path.join(work, name + ".log"), errors="replace").read()
        units = re.search(r"number_of_executed_units: (\d+)", text)
        reached = re.findall(r"cov: (\d+)", text)
        total = totals.setdefault(name, {"inputs": 0, "seconds": 0})
        total["inputs"] += int(units.group(1)) if units else 0
        total["seconds"] += round(processor_seconds() - before)
        total["reached"] = int(reached[-1]) if reached else 0
        with open(state, "w") as file:
            json.dump(totals, file, indent=1)
        found = os.listdir(findings)
        failed = failed or bool(found) or status != 0
        print(f"{name}: {total['inputs']} inputs in {total['seconds']} s, {total['reached']} edges, {len(found)} findings" + (f", status {status}" if status else ""), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
