"""pygrappa's mdgrappa on one plane: pygrappa_step.py KSPACE CALIBRATION WEIGHT OUT; axes [channel, kz, ky]."""

import json
import sys
import time

import numpy as np
from pygrappa import mdgrappa

import arrays

kspace, extent, weight, out = sys.argv[1:]
scan = arrays.read_scan(kspace)[0, :, :, :, 0]
box = [slice(n // 2 - int(extent) // 2, n // 2 - int(extent) // 2 + int(extent)) for n in scan.shape[1:]]
# Its Tikhonov weight is absolute; with calibration data of unit size it means the same for every scan.
scale = np.abs(scan).max()
start, before = time.perf_counter(), time.process_time()
filled = mdgrappa(
    scan / scale, calib=(scan / scale)[:, *box], kernel_size=(5, 5), coil_axis=0, lamda=float(weight))
print(json.dumps({"cpu": time.process_time() - before, "wall": time.perf_counter() - start}))
arrays.write_scan(out, (scale * filled)[None, ..., None])
