"""SigPy's reconstructions: sigpy_step.py sense|l1 KSPACE MAPS WEIGHT ITERATIONS OUT; one image per echo."""

import json
import sys
import time

import numpy as np
import sigpy.mri

import arrays

method, kspace, maps, weight, iterations, out = sys.argv[1:]
kspace, maps = arrays.read_scan(kspace), arrays.read_scan(maps)[0]
start, before = time.perf_counter(), time.process_time()
# SigPy's weight of wavelets is absolute: relative to the largest voxel of the first echo's combined zero-filled image, as BART's is
# to a high percentile of it.
scale = np.abs(np.sum(maps.conj() * arrays.to_images(kspace[0]), axis=0)).max() if method == "l1" else 1
images = []
for echo in kspace:
    options = dict(lamda=float(weight), max_iter=int(iterations), show_pbar=False)
    if method == "sense":
        images.append(sigpy.mri.app.SenseRecon(echo, maps, tol=0, **options).run())
    else:
        images.append(scale * sigpy.mri.app.L1WaveletRecon(echo / scale, maps, **options).run())
print(json.dumps({"cpu": time.process_time() - before, "wall": time.perf_counter() - start}))
arrays.write_scan(out, np.stack(images)[:, None])
