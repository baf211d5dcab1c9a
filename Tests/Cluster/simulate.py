#!/usr/bin/env python3
"""A cohort on a cluster that is simulated: what a shared folder sees, and how long it takes against the ideal.

simulate.py [--units 10000] [--cells 4] [--workers 500] [--failures 0.02] [--preemption-hours 6] [--unit-minutes 5] [--seed 1]

Events, not clocks: parts are runs of subjects, as `--shard I/N` cuts them; each unit is claimed by a link that one alone gets,
touched every 30 s, and given back. Processes are killed in the middle of units, or preempted, and begin again on another host
after two minutes (Slurm's delay for requeued jobs); a dead process's claim is free when it has not been touched for 300 s, and
meanwhile its part goes on with other units. The number of requests of each step was counted by strace (the calls that name a path
in the folder): 20 to begin a unit, 120 to place its six volumes and its record, 60 to begin a part, 3 for a heartbeat.
"""
import argparse
import collections
import heapq
import math
import random

parser = argparse.ArgumentParser()
parser.add_argument("--units", type=int, default=10000)
parser.add_argument("--cells", type=int, default=4)
parser.add_argument("--workers", type=int, default=500)
parser.add_argument("--parts", type=int, help="as many as workers unless given")
parser.add_argument("--failures", type=float, default=0.02, help="the share of units during which their process is killed")
parser.add_argument("--preemption-hours", type=float, default=6, help="the mean time to the preemption of a process")
parser.add_argument("--unit-minutes", type=float, default=5)
parser.add_argument("--spread", type=float, default=0.3, help="of the logarithm of a unit's time")
parser.add_argument("--seed", type=int, default=1)
o = parser.parse_args()
chance = random.Random(o.seed)
PATIENCE, HEARTBEAT, REQUEUE, GRACE = 300, 30, 120, 15
BEGIN, PLACE, START, TOUCH, INSPECT = 20, 120, 60, 3, 4
parts = o.parts or o.workers
subjects = o.units // o.cells
seconds = [60 * o.unit_minutes * math.exp(chance.gauss(0, o.spread) - o.spread ** 2 / 2) for _ in range(o.units)]
part_of = [(u // o.cells) * parts // subjects if parts <= subjects else u * parts // o.units for u in range(o.units)]
own = collections.defaultdict(list)
for unit, part in enumerate(part_of):
    own[part].append(unit)

requests = collections.Counter()           # by second
done, claims, touched = set(), {}, {}      # claims: unit -> run of a part; touched: the last sign of life of a dead one
live = peak_claims = killed = preempted = waited = lost_seconds = twice = 0
runs = collections.Counter()
queue, order = [], 0
idle = list(range(parts))                  # parts that wait for a worker
free = o.workers


def at(time, what, *rest):
    global order
    order += 1
    heapq.heappush(queue, (time, order, what, rest))


def ask(time, count):
    requests[int(time)] += count


def claim(time, unit, run):
    """A link: one alone gets it, unless the one that has it is known to be dead."""
    ask(time, BEGIN)
    if unit in claims:
        ask(time, INSPECT)
        if unit not in touched or time - touched[unit] <= PATIENCE:
            return False
        del touched[unit]
    claims[unit] = run
    return True


def begin(time, part):
    """A process begins with a part, or goes on with it."""
    ask(time, START)
    runs[part] += 1
    step(time, part, runs[part], time + chance.expovariate(1 / (3600 * o.preemption_hours)))


def step(time, part, run, end):
    global peak_claims, free, waited
    for unit in own[part]:
        if unit in done:
            continue
        if claim(time, unit, (part, run)):
            peak_claims = max(peak_claims, len(claims))
            length = seconds[unit]
            death = time + chance.random() * length if chance.random() < o.failures else math.inf
            first = min(death, end, time + length)
            for beat in range(1, int((first - time) / HEARTBEAT) + 1):
                ask(time + beat * HEARTBEAT, TOUCH)
            if first == death:
                at(first, "killed", part, unit, time)
            elif first == end:
                at(first + chance.random() * GRACE, "preempted", part, unit, time)
            else:
                at(first, "made", part, unit, run, end)
            return
    free += 1
    if all(unit in done for unit in own[part]):
        return
    # Exit 75: what is left is claimed by a process that is dead, and not known to be.
    waited += 1
    at(time + REQUEUE, "requeued", part)


for part in idle[:free]:
    # A scheduler starts jobs over half a minute.
    at(30 * chance.random(), "start", part)
idle, free = idle[free:], max(0, free - len(idle))
last = 0
while queue:
    time, _, what, rest = heapq.heappop(queue)
    if what == "start":
        begin(time, rest[0])
    elif what == "made":
        part, unit, run, end = rest
        ask(time, PLACE)
        twice += unit in done
        done.add(unit)
        assert claims[unit] == (part, run)
        del claims[unit]
        last = time
        step(time, part, run, end)
    elif what == "killed":
        part, unit, since = rest
        killed += 1
        lost_seconds += time - since
        touched[unit] = since + (time - since) // HEARTBEAT * HEARTBEAT
        free += 1
        at(time + REQUEUE, "requeued", part)
    elif what == "preempted":
        part, unit, since = rest
        preempted += 1
        lost_seconds += time - since
        ask(time, 5)
        del claims[unit]
        free += 1
        at(time + REQUEUE, "requeued", part)
    elif what == "requeued":
        idle.append(rest[0])
    while idle and free > 0:
        free -= 1
        at(time, "start", idle.pop(0))

assert len(done) == o.units and not claims and twice == 0
ideal = sum(seconds) / o.workers
rates = sorted(requests.values())
total = sum(rates)
merge = subjects * 3 + parts
print(f"""{o.units} units of {subjects} subjects, {o.workers} workers, {parts} parts, {o.unit_minutes:g} minutes each on average
killed in the middle: {killed}; preempted: {preempted}; work lost by both: {100 * lost_seconds / sum(seconds):.1f} %; parts that came too early for a dead one's claim: {waited}
time: {last / 3600:.2f} h; ideal, nothing lost and all equally long: {ideal / 3600:.2f} h; ratio {last / ideal:.2f}
requests to the file system: {total} ({total / o.units:.0f} for each unit); per second: mean {total / last:.0f}, most {rates[-1]}, 99 % of seconds at most {rates[int(0.99 * len(rates))]}
claims at one time: at most {peak_claims}; files at the end: {subjects} records, {sum(runs.values())} logs; the report reads {merge} files
done twice: {twice}; left: {len(claims)} claims""")
