"""Runs `kspace` within limits of time and memory, and judges how it ended."""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import time

# What the command documents: done, wrong usage, bad input, done in part, try again.
STATUSES = {0, 2, 3, 4, 75}
MEMORY = 4 << 30
# Seconds of the processor, and of the clock on a machine that is busy with other things.
PROCESSOR, CLOCK = 20, 180

# Words of the libraries underneath that say nothing to a user.
RAW = re.compile(
    r"Fatal error|HDF5-DIAG|NSCocoaErrorDomain|Error Domain=|DecodingError|EncodingError|keyNotFound|typeMismatch|"
    r"dataCorrupted|valueNotFound|codingPath|debugDescription|Optional\(|_NSJSON|NSXMLParser|YamlError|"
    r"couldn.t be (opened|read|completed|saved)|operation could not be completed|isn.t in the correct format|"
    r"Swift\.|Foundation\.|error \d+\.\)|Index out of range|out of bounds|No such variable|\(null\)"
)


def limit_this_process():
    """Limits that the commands inherit: no core files, no memory without end, no files without end."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))


class Outcome:
    """How a run ended: its status (negative for a signal), its words, and its seconds of the processor."""

    def __init__(self, status, out, err, seconds, hung):
        self.status, self.out, self.err, self.seconds, self.hung = status, out, err, seconds, hung


def run(kspace, arguments, folder, temporary, stdin=None):
    """Runs the command in `folder`, with `temporary` as its folder for temporary files."""
    environment = {"PATH": os.environ.get("PATH", ""), "TMPDIR": temporary, "SWIFT_BACKTRACE": "enable=no", "LC_ALL": "C.UTF-8"}
    out, err = os.path.join(temporary, os.pardir, "out"), os.path.join(temporary, os.pardir, "err")
    source = open(stdin, "rb") if stdin else subprocess.DEVNULL
    with open(out, "wb") as o, open(err, "wb") as e:
        process = subprocess.Popen([kspace, *arguments], cwd=folder, stdin=source, stdout=o, stderr=e, env=environment, start_new_session=True)
    if stdin:
        source.close()
    try:
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR + 2))
    except (ProcessLookupError, PermissionError):
        pass
    hung, used, code = wait(process)
    words = [open(name, "rb").read().decode(errors="replace") for name in (out, err)]
    return Outcome(code, *words, used, hung)


class Server:
    """`kspace`, loaded once, which runs each command in a copy of its process; see forkserver.c."""

    def __init__(self, kspace, folder):
        library = os.path.join(folder, "forkserver.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forkserver.c")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        self.kspace, self.out, self.err = kspace, os.path.join(folder, "out"), os.path.join(folder, "err")
        requests, self.requests = os.pipe()
        self.answers, answers = os.pipe()

        def place():
            os.dup2(requests, 198)
            os.dup2(answers, 199)

        environment = {"PATH": os.environ.get("PATH", ""), "SWIFT_BACKTRACE": "enable=no", "LC_ALL": "C.UTF-8", "LD_PRELOAD": library, "LD_BIND_NOW": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen([kspace], env=environment, preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL)
        os.close(requests)
        os.close(answers)

    def run(self, arguments, folder, temporary, stdin=None):
        words = [folder, temporary, stdin or "/dev/null", self.out, self.err, self.kspace, *arguments]
        request = b"".join(word.encode() + b"\0" for word in words)
        os.write(self.requests, len(request).to_bytes(4, "little") + request)
        number = int.from_bytes(self.take(4), "little")
        hung = False

        def overdue(*_):
            nonlocal hung
            hung = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(number, signal.SIGKILL)

        signal.signal(signal.SIGALRM, overdue)
        signal.alarm(CLOCK)
        answer = self.take(12)
        signal.alarm(0)
        words = [open(name, "rb").read().decode(errors="replace") for name in (self.out, self.err)]
        seconds = int.from_bytes(answer[4:], "little") / 1e6
        return Outcome(os.waitstatus_to_exitcode(int.from_bytes(answer[:4], "little")), *words, seconds, hung)

    def take(self, count):
        data = b""
        while len(data) < count:
            part = os.read(self.answers, count - len(data))
            if not part:
                raise RuntimeError("the loaded command is gone")
            data += part
        return data


def wait(process):
    """Waits for the end of a process, or brings it about when its time is up."""
    hung = False

    def overdue(*_):
        nonlocal hung
        hung = True
        os.killpg(process.pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, overdue)
    signal.alarm(CLOCK)
    _, status, used = os.wait4(process.pid, 0)
    signal.alarm(0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return hung, used.ru_utime + used.ru_stime, process.returncode


def judge(outcome, inputs, culprits, output, folder, temporary):
    """What is wrong with a run, in one line without numbers of the case; `None` where nothing is.

    `inputs` are the names that were in the folder before, `output` is the name that may appear, and `culprits` are the
    inputs of which a refusal has to name one.
    """
    if outcome.hung or -outcome.status in (signal.SIGXCPU, signal.SIGKILL):
        return "hang"
    if outcome.status < 0:
        return "signal " + signal.Signals(-outcome.status).name + traces(outcome.err)
    if outcome.status not in STATUSES:
        return f"status {outcome.status}"
    if os.listdir(temporary):
        return "left in the temporary folder: " + ", ".join(os.listdir(temporary))[:80]
    found = set(os.listdir(folder)) - set(inputs)
    allowed = set(output) if outcome.status in (0, 4) else set()
    if strays := found - allowed:
        return "left beside the output: " + ", ".join(sorted(strays))[:80]
    for where, _, names in os.walk(folder):
        if hidden := [name for name in names if name.startswith(".") and name not in (".bidsignore", ".lock")]:
            return "left within the output: " + shape(hidden[0])
    if set(inputs) - set(os.listdir(folder)):
        return "an input is gone"
    text = outcome.err
    if match := RAW.search(text):
        return "raw words: " + match.group(0)
    if outcome.status != 0:
        if not text.strip():
            return f"status {outcome.status} without a word"
        if outcome.status == 3 and not any(name in text for name in culprits):
            return "the file is not named: " + shape(text)
    return None


def traces(err):
    """The words of a trap, without the addresses."""
    lines = [line for line in err.splitlines() if "Fatal error" in line or "rror:" in line]
    return ": " + shape(lines[0]) if lines else ""


def shape(text):
    """A message without its numbers and names: what tells one kind of finding from another."""
    last = text.strip().splitlines()[-1] if text.strip() else ""
    return re.sub(r"\d+", "N", re.sub(r'"[^"]*"', '"..."', last))[:140]


def emptied(folder):
    """A folder that is there and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def ended(process, seconds):
    """Whether a process ends within some seconds."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return True
        time.sleep(0.001)
    return False
