"""Runs the toolkit and its peers, each as a process of its own, and tells what they cost."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../../.."))
WORK = os.environ.get("PEERS_WORK", os.path.join(ROOT, ".build-peers"))
TOOLKIT = os.path.join(ROOT, ".build/release/Benchmarks")
KSPACE = os.path.join(ROOT, ".build/release/kspace")
THREADS = os.environ.get("PEERS_THREADS", "2")


@dataclass
class Cost:
    """CPU seconds (user and system) of all threads, seconds on the clock, and peak resident memory [MB]."""

    cpu: float
    wall: float
    memory: float
    # What the process itself says of its algorithm, without start, reading and writing.
    inner: dict = field(default_factory=dict)


def run(*arguments):
    """Runs a program to its end; the figures are those of the whole process."""
    # BLAS on one thread: the toolkit and BART parallelise above it, and pygrappa's small problems drown in threads.
    environment = dict(os.environ, OMP_NUM_THREADS=THREADS, OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS=THREADS)
    # GNU time forks from a small process: a child of this one would inherit its peak memory.
    with tempfile.NamedTemporaryFile("r") as usage:
        process = subprocess.run(
            ["/usr/bin/time", "-q", "-f", "%U %S %e %M", "-o", usage.name, *map(str, arguments)],
            stdout=subprocess.PIPE, env=environment, cwd=WORK)
        output = process.stdout.decode()
        if process.returncode:
            sys.exit(f"{' '.join(map(str, arguments))} ended with {process.returncode}\n{output}")
        user, system, wall, memory = map(float, usage.read().split())
    lines = [line for line in output.splitlines() if line.startswith("{")]
    inner = json.loads(lines[-1]) if lines else {}
    return Cost(user + system, wall, memory / 1e3, inner)


def toolkit(step, **options):
    """A step of the toolkit's own side of the comparison."""
    return run(TOOLKIT, "peers", step, *[f"{key}={value}" for key, value in options.items()])


def bart(*arguments):
    return run("bart", *arguments)


def peer(script, *arguments, interpreter=sys.executable):
    """A step of a Python peer."""
    return run(interpreter, os.path.join(HERE, script), *arguments)
