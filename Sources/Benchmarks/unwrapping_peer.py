"""ROMEO of warpkit on the phase that UnwrappingBenchmark.swift wrote: python unwrapping_peer.py FOLDER Z Y X TE..."""
import resource
import sys

import numpy as np

try:
    from warpkit.warpkit_cpp import romeo_unwrap4d
except ImportError:
    sys.exit("warpkit is not measured: .venv/bin/pip install warpkit==1.5.0")


def processors():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


folder, shape = sys.argv[1], tuple(int(n) for n in sys.argv[2:5])
times = np.array([1000 * float(t) for t in sys.argv[5:]], np.float32)


def volumes(name, kind=np.float32):
    values = np.fromfile(f"{folder}/{name}", kind)
    return np.asfortranarray(np.moveaxis(values.reshape(-1, *shape), 0, 3).transpose(2, 1, 0, 3))


phase, magnitude, unwrapped = (volumes(name) for name in ("phase", "magnitude", "unwrapped"))
mask = volumes("mask", bool)[..., 0]
seconds = []
for _ in range(5):
    before = processors()
    found = romeo_unwrap4d(phase=phase, tes=times, weights="romeo", mag=magnitude, mask=mask, correct_global=False)
    seconds.append(processors() - before)
differ = (np.abs(found - unwrapped) > 1)[mask]
print(f"warpkit: {np.median(seconds):.2f} CPU-s; {np.count_nonzero(differ)} of {differ.size} unwrapped phases differ")
