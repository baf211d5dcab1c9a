"""A thousand sessions that no scanner would hold, against a running server: `hostile.py PORT PID SCAN.mrd [SESSIONS]`.

Random bytes, lengths without end, slow senders, connections dropped in every state, absurd counts, names with paths, mutations
of a real scan, peers that never read. Afterwards the server must be there, with as many files and threads as before, and
serve a scan like before.
"""

import os
import random
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor

PORT, PID, SCAN = int(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3], "rb").read()
SESSIONS = int(sys.argv[4]) if len(sys.argv) > 4 else 1000


def config(name):
    return struct.pack("<H1024s", 1, name)


def text(number, content):
    return struct.pack("<HI", number, len(content)) + content


def header_end():
    """Where the first message of the scan, its XML, ends."""
    number, length = struct.unpack("<HI", SCAN[:6])
    assert number == 3
    return 6 + length


HEADER = SCAN[: header_end()]
LINES = SCAN[header_end() :]


def connect():
    return socket.create_connection(("127.0.0.1", PORT), timeout=30)


def drain(sock):
    sock.settimeout(30)
    received = b""
    while part := sock.recv(1 << 16):
        received += part
    return received


def drop(sock):
    """Resets the connection."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def hostile(seed):
    chance = random.Random(seed)
    noise = lambda count: chance.randbytes(count)
    kind = seed % 10
    sock = connect()
    try:
        if kind == 0:
            sock.sendall(noise(chance.randrange(1, 20000)))
        elif kind == 1:
            opening = chance.choice([b"", config(b"qsm"), config(b"qsm") + HEADER])
            number = chance.choice([2, 3, 5, 1022, 1026, 1030])
            sock.sendall(opening + struct.pack("<H", number) + b"\xff" * chance.randrange(1, 100000))
        elif kind == 2:
            whole = config(b"qsm") + HEADER + LINES
            start = chance.randrange(0, 3000)
            for byte in whole[start : start + 8]:
                sock.sendall(bytes([byte]))
                time.sleep(0.1)
        elif kind == 3:
            whole = config(b"reconstruct") + HEADER + LINES
            sock.sendall(whole[: chance.choice([1, 500, 1026, 1030, len(HEADER), len(HEADER) + 1026, len(whole) // 2])])
            return drop(sock)
        elif kind == 4:
            head = bytearray(340)
            struct.pack_into("<H", head, 34, chance.choice([0, 1, 65535]))
            struct.pack_into("<H", head, 38, chance.choice([0, 1, 1024, 65535]))
            struct.pack_into("<H", head, 176, chance.choice([0, 3, 65535]))
            sock.sendall(config(b"qsm") + HEADER + struct.pack("<H", 1008) + bytes(head) + noise(5000))
        elif kind == 5:
            name = chance.choice([b"../../etc/passwd", b"/etc/shadow", b"a" * 1024, b"\xff" * 1024, b"head.yaml;rm -rf /"])
            sock.sendall(config(name) + HEADER + LINES)
        elif kind == 6:
            scan = bytearray(HEADER + LINES)
            for _ in range(chance.randrange(1, 30)):
                scan[chance.randrange(len(scan))] = chance.randrange(256)
            sock.sendall(config(b"reconstruct") + bytes(scan))
        elif kind == 7:
            xml = bytearray(HEADER[6:])
            for _ in range(chance.randrange(1, 10)):
                start = chance.randrange(len(xml))
                del xml[start : start + chance.randrange(1, 40)]
            sock.sendall(config(b"qsm") + text(3, bytes(xml)) + LINES)
        elif kind == 8:
            # Never reads, and goes.
            sock.sendall(config(b"reconstruct") + HEADER + LINES)
            time.sleep(0.2)
            return drop(sock)
        else:
            deep = b'{"parameters":' + b"[" * 100000 + b"}"
            sock.sendall(config(b"qsm") + HEADER + text(5, chance.choice([deep, b"{", noise(1000)])) + LINES[:5000])
        sock.shutdown(socket.SHUT_WR)
        drain(sock)
    except TimeoutError:
        raise
    except OSError:
        # The server has had enough.
        pass
    finally:
        sock.close()


def state():
    status = dict(line.split(":", 1) for line in open(f"/proc/{PID}/status"))
    return len(os.listdir(f"/proc/{PID}/fd")), len(os.listdir(f"/proc/{PID}/task")), int(status["VmRSS"].split()[0])


def scan():
    sock = connect()
    sock.sendall(config(b"reconstruct") + SCAN)
    answer = drain(sock)
    sock.close()
    return answer


def images(answer):
    """The images of an answer, without its texts."""
    return answer.count(b"<ismrmrdMeta>"), answer[answer.index(b"\xfe\x03") :]


if __name__ == "__main__":
    first = images(scan())
    time.sleep(1)
    before = state()
    start = time.time()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(hostile, range(SESSIONS)))
    took = time.time() - start
    deadline = time.time() + 120
    while (state()[0] > before[0] or state()[1] > before[1] + 1) and time.time() < deadline:
        time.sleep(0.5)
    after = state()
    same = images(scan()) == first
    print(f"{SESSIONS} sessions in {took:.0f} s; files, threads, kB before {before} and after {after}; same images: {same}")
    sys.exit(0 if same and after[0] <= before[0] and after[1] <= before[1] + 1 else 1)
