#!/usr/bin/env python3
"""A cohort on a real Slurm of two virtual nodes on this machine: slurm.py KSPACE [--snakemake BIN] (root).

Starts munged, slurmctld and two slurmd with files of their own in a folder of their own; nothing of the machine's set-up is
touched. Submits what `kspace workflow slurm` writes for eight small subjects, kills workers and one slurmd in the middle, submits
again where something is missing, and compares the merged study with that of a single process, byte for byte. With --snakemake
(the folder that snakemake lies in), does the same by `kspace workflow snakemake`: with the local executor and, with --plugin, with the plugin for Slurm.
"""
import argparse
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

parser = argparse.ArgumentParser()
parser.add_argument("kspace")
parser.add_argument("--snakemake", help="the folder of the program")
parser.add_argument("--plugin", action="store_true", help="also try Snakemake's plugin for Slurm")
parser.add_argument("--keep", action="store_true", help="leave the folder")
options = parser.parse_args()
kspace = os.path.abspath(options.kspace)
if os.geteuid() != 0:
    print("cluster: skipped, as only root may start Slurm")
    sys.exit(0)
lacking = [name for name in ("munged", "slurmctld", "slurmd") if not shutil.which(name, path="/usr/sbin:/usr/bin")]
if lacking:
    print(f"cluster: skipped, as {', '.join(lacking)} is missing (apt-get install slurm-wlm)")
    sys.exit(0)

work = pathlib.Path(tempfile.mkdtemp(prefix="kspace-slurm-"))
os.chmod(work, 0o755)
environment = dict(os.environ, SLURM_CONF=str(work / "slurm.conf"), SOURCE_DATE_EPOCH="1795000000",
                   PATH="/usr/sbin:/usr/bin:" + os.environ["PATH"])
environment.pop("SLURM_JOB_ID", None)
usual = pathlib.Path("/etc/slurm/slurm.conf")
children = []
chance = random.Random(7)
began = time.time()


def note(text):
    print(f"{time.time() - began:5.1f} s  {text}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def daemon(*arguments):
    log = open(work / f"{os.path.basename(arguments[0])}-{len(children)}.out", "w")
    process = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log, cwd=work)
    children.append(process)
    return process


def run(*arguments, check=True, cwd=work, env=environment):
    result = subprocess.run(list(map(str, arguments)), cwd=cwd, env=env, capture_output=True, text=True)
    if check and result.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))}: exit {result.returncode}\n{result.stdout[-1500:]}{result.stderr[-1500:]}")
    return result


def start_slurm():
    host, key = socket.gethostname().split(".")[0], work / "munge.key"
    key.write_bytes(os.urandom(1024))
    os.chmod(key, 0o400)
    for name in ("state", "spool-n1", "spool-n2", "munge"):
        (work / name).mkdir()
    ports = [free_port() for _ in range(3)]
    nodes = "\n".join(f"NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[i]} CPUs=2 RealMemory=4000 State=UNKNOWN"
                      for i in (1, 2))
    (work / "slurm.conf").write_text(f"""
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
AuthType=auth/munge
AuthInfo=socket={work}/munge/socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={work}/state
SlurmdSpoolDir={work}/spool-%n
SlurmctldPidFile={work}/slurmctld.pid
SlurmdPidFile={work}/slurmd-%n.pid
SlurmctldLogFile={work}/slurmctld.log
SlurmdLogFile={work}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobRequeue=1
SlurmdTimeout=10
MinJobAge=30
KillWait=5
ReturnToService=2
SchedulerParameters=sched_interval=2
MpiDefault=none
{nodes}
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
""")
    daemon("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={work}/munge/socket", f"--pid-file={work}/munge/pid",
           f"--log-file={work}/munge/log", f"--seed-file={work}/munge/seed")
    until(lambda: (work / "munge/socket").exists(), 20, "munged")
    daemon("slurmctld", "-D", "-f", str(work / "slurm.conf"))
    for node in ("n1", "n2"):
        start_node(node)
    until(lambda: run("sinfo", "-h", "-o", "%D %t", check=False).stdout.split() == ["2", "idle"], 60, "two idle nodes")


def start_node(name):
    return daemon("slurmd", "-D", "-N", name, "-f", str(work / "slurm.conf"))


def until(condition, seconds, what):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            raise SystemExit(f"no {what} within {seconds} s\n" + tail())
        time.sleep(0.2)


def tail():
    logs = sorted(work.glob("slurm*.log")) + sorted(work.glob("*/logs/*.log"))
    return "\n".join(f"== {p}\n" + "\n".join(p.read_text(errors="replace").splitlines()[-12:]) for p in logs)


def workers(folder):
    """The processes that make parts of a study."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"kspace") and b"--shard" in words and folder.encode() in words:
                found.append(int(entry.name))
    return found


def is_idle():
    """Whether no job is left; those that wait two minutes, as requeued ones do by default, need not."""
    jobs = [line.split("|") for line in run("squeue", "-h", "-r", "-o", "%i|%r", check=False).stdout.splitlines()]
    for job, reason in jobs:
        if reason == "BeginTime":
            run("scontrol", "update", f"JobId={job}", "StartTime=now", check=False)
    return not jobs


def content(folder):
    files = sorted(p for p in (work / folder).rglob("*") if p.is_file() and ".work" not in p.parts)
    return {str(p.relative_to(work / folder)): p.read_bytes() for p in files}


def compare(folder, expected):
    made = content(folder)
    names = [n for n in set(made) | set(expected) if made.get(n) != expected.get(n)]
    if names:
        raise SystemExit(f"{folder}: {names} differ from those of a single process\n" + tail())
    left = [str(p) for p in (work / folder).rglob("*") if ".partial-" in p.name] + list((work / folder / ".work/claims").iterdir())
    if left:
        raise SystemExit(f"{folder}: left {left}")


study = ["--cohort", "cohort", "--label-names", "names.tsv", "--methods", "grappa", "--accelerations", "2,3",
         "--calibration", "12x12"]


def by_slurm(expected):
    run(kspace, "workflow", "slurm", "-o", "jobs", "--threads", "1", "--slurm-options", "--partition=all", "--",
        *study, "-o", "group")
    note(run("sh", "jobs/submit.sh").stdout.strip())
    killed = 0
    for _ in range(3):
        until(lambda: workers("group") or is_idle(), 60, "worker")
        time.sleep(0.3 + chance.random())
        for process in workers("group")[:1]:
            os.kill(process, signal.SIGKILL)
            killed += 1
    note(f"{killed} workers killed")
    until(lambda: workers("group") or is_idle(), 60, "worker")
    lost = [c for c in children if c.args[0] == "slurmd"][0]
    lost.kill()
    lost.wait()
    note("slurmd of n1 killed")
    time.sleep(3)
    start_node("n1")
    for attempt in range(4):
        until(is_idle, 150, "empty queue")
        report = (work / "jobs/logs/kspace-report.log").read_text(errors="replace") if (work / "jobs/logs/kspace-report.log").exists() else ""
        status = run(kspace, "study", "--status", "group", check=False).stdout.splitlines()[:1]
        note(f"queue is empty: {status[0] if status else 'nothing there'}")
        if status and status[0].startswith("24 units: 24 done") and "report.html" in report:
            break
        note("submitted again: " + run("sh", "jobs/submit.sh").stdout.strip())
    compare("group", expected)
    note("Slurm: the merged study is that of a single process")


def by_snakemake(expected):
    snakemake = pathlib.Path(options.snakemake).resolve() / "snakemake"
    run(kspace, "workflow", "snakemake", "-o", "rules", "--threads", "1", "--parts", "4", "--", *study, "-o", "local")
    run(snakemake, "--snakefile", "rules/Snakefile", "--cores", "2", "--quiet", "all")
    compare("local", expected)
    note("Snakemake, local: the merged study is that of a single process")
    if not options.plugin:
        return
    run(kspace, "workflow", "snakemake", "-o", "remote-rules", "--threads", "1", "--parts", "4",
        "--slurm-options", "--partition=all --account=test", "--", *study, "-o", "remote")
    # The plugin takes the environment from its jobs, which then find a configuration in its usual place alone.
    if not usual.exists():
        usual.parent.mkdir(exist_ok=True)
        usual.symlink_to(work / "slurm.conf")
    # This Slurm keeps no accounts, which the plugin would ask.
    run(snakemake, "--snakefile", "remote-rules/Snakefile", "--profile", "remote-rules/slurm", "--quiet", "all",
        "--latency-wait", "10", "--slurm-status-command", "squeue", "--slurm-no-account",
        "--slurm-init-seconds-before-status-checks", "5")
    compare("remote", expected)
    note("Snakemake, plugin for Slurm: the merged study is that of a single process")


try:
    start_slurm()
    note("Slurm runs, two nodes")
    run(kspace, "phantom", "--cohort", "8", "--matrix", "30x36x24", "--voxel-size", "6x6x4mm", "--channels", "4",
        "--echo-times", "4ms,8ms,18ms", "--snr", "100", "-o", "cohort")
    (work / "names.tsv").write_text("index\tname\n12\tPu\n7\tthalamus\n")
    run(kspace, "study", *study, "-o", "alone", "--threads", "2")
    note("a single process is done")
    expected = content("alone")
    by_slurm(expected)
    if options.snakemake:
        by_snakemake(expected)
finally:
    if usual.is_symlink() and not usual.readlink().is_relative_to("/etc"):
        usual.unlink()
    run("scancel", "--user=root", check=False) if (work / "slurm.conf").exists() else None
    for child in reversed(children):
        child.terminate()
    for child in children:
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
    if options.keep:
        print(work)
    else:
        shutil.rmtree(work, ignore_errors=True)
