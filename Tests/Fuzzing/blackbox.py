#!/usr/bin/env python3
"""Runs whole commands on mutated inputs of every kind, within limits of time and memory, and says what went wrong.

    python3 Tests/Fuzzing/blackbox.py --kspace .build/release/kspace --cases 1000
    python3 Tests/Fuzzing/blackbox.py --kspace .build/release/kspace --case 4711      # one case again, its inputs kept

A case is its number: with the same seed it is the same for ever. Each must end by itself with a status that is documented,
leave no partial output and nothing in the folder for temporary files, and, where it refuses, name the file in words of its
own. `--state` keeps how far a run came, so that the next one goes on from there. Findings are made smaller by leaving out
changes that do not matter, and kept one per kind of finding.
"""

import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import running
import seeds
from kinds import KINDS, LINES, lay_out

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Case:
    """A case: an input, the changes made to it, and the command that reads it."""

    def __init__(self, seed, number, only=None):
        chance = random.Random(f"{seed}/{number}")
        names = only or list(KINDS)
        self.kind = chance.choices(names, [KINDS[name].weight for name in names])[0]
        kind = KINDS[self.kind]
        self.name = chance.choice(kind.seeds)
        self.command = chance.choices(kind.commands, [command.weight for command in kind.commands])[0]
        self.changes = [f"{seed}/{number}/{index}" for index in range(chance.choice([1, 1, 1, 2, 2, 3, 5, 8]))]

    def data(self, folder, changes=None):
        with open(os.path.join(folder, self.name), "rb") as file:
            data = file.read()
        for change in self.changes if changes is None else changes:
            data = KINDS[self.kind].mutation(data, random.Random(change))
        return data

    def words(self, data):
        if self.command.words == ["LINE"]:
            return data.decode().split(" ")
        return [self.name if word == "IN" else word for word in self.command.words]

    def culprits(self):
        """The names of which a refusal must tell one."""
        stem = self.name.rsplit(".", 1)[0]
        named = [self.name, *self.command.others, *(stem + ending for ending in [".npy", ".cfl", ".hdr", ".json"])]
        if self.kind == "options":
            # Some of them read no file.
            return [""]
        if self.kind == "participants":
            # The table may name any file; a refusal names that file with its whole path.
            named.append("/case/")
        return named + (["standard input", "-: ", "the stream", "scanner", "session"] if self.command.stdin else [])


class Driver:
    def __init__(self, kspace, work):
        self.kspace, self.work = os.path.abspath(kspace), work
        self.seeds = os.path.join(work, "seeds")
        if not os.path.exists(os.path.join(self.seeds, "session.bin")):
            shutil.rmtree(self.seeds, ignore_errors=True)
            seeds.make(self.kspace, self.seeds, os.path.join(ROOT, "Protocols"))
            for index, text in enumerate(LINES):
                with open(os.path.join(self.seeds, f"line{index}"), "w") as file:
                    file.write(text)
        running.limit_this_process()
        try:
            self.server = running.Server(self.kspace, work)
        except (OSError, subprocess.CalledProcessError):
            # Without a C compiler the command is loaded anew for each case.
            self.server = None

    def run(self, case, data, anew=False):
        """Runs a case; what is wrong with it, and how it ended."""
        folder = running.emptied(os.path.join(self.work, "case"))
        temporary = running.emptied(os.path.join(self.work, "tmp"))
        inputs = lay_out(folder, self.seeds, case.command, case.name, data)
        stdin = os.path.join(folder, case.name) if case.command.stdin else None
        if self.server and not anew:
            outcome = self.server.run(case.words(data), folder, temporary, stdin)
        else:
            outcome = running.run(self.kspace, case.words(data), folder, temporary, stdin)
        return running.judge(outcome, inputs, case.culprits(), case.command.output, folder, temporary), outcome

    def smallest(self, case, problem):
        """The changes without those that do not matter."""
        changes = list(case.changes)
        for change in list(changes):
            fewer = [other for other in changes if other != change]
            if self.run(case, case.data(self.seeds, fewer))[0] == problem:
                changes = fewer
        return changes

    def keep(self, case, number, problem, folder):
        """Writes a finding: the input, the command, and what was said."""
        changes = self.smallest(case, problem)
        data = case.data(self.seeds, changes)
        again, outcome = self.run(case, data, anew=True)
        place = os.path.join(folder, f"{number}-{case.kind}")
        running.emptied(place)
        lay_out(place, self.seeds, case.command, case.name, data)
        with open(os.path.join(place, "FINDING"), "w") as file:
            file.write(f"{problem}; loaded anew: {again}\nkspace {' '.join(case.words(data))}\nstatus {outcome.status}, {outcome.seconds:.1f} s\n{outcome.err[-3000:]}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kspace", required=True)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, help="these kinds alone")
    parser.add_argument("--case", type=int, help="run this one alone, and show it")
    parser.add_argument("--work", help="a folder for seeds, cases and findings; kept")
    parser.add_argument("--state", help="a file that keeps how far runs came, for the next one to go on")
    options = parser.parse_args()
    work = os.path.abspath(options.work or tempfile.mkdtemp(prefix="kspace-fuzzing-"))
    driver = Driver(options.kspace, work)
    if options.case is not None:
        case = Case(options.seed, options.case, options.kinds)
        data = case.data(driver.seeds)
        problem, outcome = driver.run(case, data, anew=True)
        print(f"kspace {' '.join(case.words(data))}   in {work}/case\nstatus {outcome.status}\n{outcome.out[-1000:]}{outcome.err}\n{problem or 'nothing is wrong'}")
        return 1 if problem else 0
    state = {"next": options.first, "counts": {}, "statuses": {}, "found": {}}
    if options.state and os.path.exists(options.state):
        with open(options.state) as file:
            state = json.load(file)
    counts, statuses, found = (collections.Counter(state[key]) for key in ("counts", "statuses", "found"))

    def save(number):
        if options.state:
            with open(options.state + ".new", "w") as file:
                json.dump({"next": number, "counts": counts, "statuses": statuses, "found": found}, file, indent=1)
            os.replace(options.state + ".new", options.state)

    number = state["next"] - 1
    for number in range(state["next"], state["next"] + options.cases):
        case = Case(options.seed, number, options.kinds)
        try:
            data = case.data(driver.seeds)
            problem, outcome = driver.run(case, data)
        except KeyboardInterrupt:
            # The count is of what was done.
            number -= 1
            break
        counts[case.kind] += 1
        statuses[str(outcome.status)] += 1
        if problem:
            # Kept once per kind of finding; the rest is counted.
            if not found[f"{case.kind}: {problem}"]:
                driver.keep(case, number, problem, os.path.join(work, "findings"))
                print(f"case {number}: {case.kind}: {problem}: kspace {' '.join(case.words(data))[:200]}", flush=True)
            found[f"{case.kind}: {problem}"] += 1
        if number % 100 == 99:
            save(number + 1)
    save(number + 1)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    print("ended with " + ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())))
    print(f"{sum(counts.values())} cases, {sum(found.values())} findings of {len(found)} kinds")
    if not options.work and not found:
        shutil.rmtree(work)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
