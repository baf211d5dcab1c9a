"""Makes a library for training from fully sampled MRD files: one volume per echo, channel and slab.

    python prepare.py LIBRARY SCAN.h5 ... [--thickest 16]

Train on it with `train.py --measured-channels`; make masks for its extents (printed at the end) with `masks.py --extents`.
"""
from __future__ import annotations

import argparse
import os

import numpy as np

from mrd import read_mrd, transform_along


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("scans", nargs="+")
    parser.add_argument("--thickest", type=int, default=16, help="slices along the readout in one volume")
    arguments = parser.parse_args()
    os.makedirs(arguments.library, exist_ok=True)
    number, extents = 0, set()
    for path in arguments.scans:
        images = transform_along(read_mrd(path), (2, 3), inverse=True)
        scan = os.path.splitext(os.path.basename(path))[0].replace("_", "-")
        for echo, channel in np.ndindex(images.shape[:2]):
            for start in range(0, images.shape[4], arguments.thickest):
                slab = images[echo, channel, :, :, start : start + arguments.thickest]
                scale = np.quantile(np.abs(slab), 0.99)
                # Slabs of air teach nothing.
                if not scale > 0.1 * np.quantile(np.abs(images[echo, channel]), 0.99):
                    continue
                z, y, x = slab.shape
                name = f"{scan}-e{echo}c{channel}s{start}_{z}x{y}x{x}.npy"
                np.save(os.path.join(arguments.library, name), (slab / scale).astype(np.complex64))
                number += 1
                extents.add(f"{z}x{y}")
    print(f"{number} volumes; extents (kz x ky) for masks.py: {' '.join(sorted(extents))}")


if __name__ == "__main__":
    main()
