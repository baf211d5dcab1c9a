"""Makes a library for training from fully sampled MRD files: one volume per echo, channel and slab.

    python prepare.py LIBRARY SCAN.h5 ... [--thickest 16] [--virtual-channels 4]

Make masks for its extents (printed at the end) with `masks.py --extents`. The names begin with `channel-`: of such volumes
training changes only the phase, as they have the sensitivity of a receive channel already.
"""
from __future__ import annotations

import argparse
import os

import numpy as np

from mrd import read_mrd, transform_along


def compressed(data: np.ndarray, number: int) -> np.ndarray:
    """The virtual channels [echo, virtual channel, ...] that hold most of the energy of [echo, channel, ...]."""
    echoes, channels = data.shape[:2]
    samples = np.moveaxis(data, 1, 0).reshape(channels, -1)
    _, vectors = np.linalg.eigh((samples @ samples.conj().T).astype(np.complex128))
    strongest = vectors[:, ::-1][:, :number].conj().T.astype(np.complex64)
    return np.einsum("vc,ec...->ev...", strongest, data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("scans", nargs="+")
    parser.add_argument("--thickest", type=int, default=16, help="slices along the readout in one volume")
    parser.add_argument("--virtual-channels", type=int, help="compress the channels to so many first")
    arguments = parser.parse_args()
    os.makedirs(arguments.library, exist_ok=True)
    number, extents = 0, set()
    for path in arguments.scans:
        images = transform_along(read_mrd(path), (2, 3), inverse=True)
        if arguments.virtual_channels:
            images = compressed(images, arguments.virtual_channels)
        scan = os.path.splitext(os.path.basename(path))[0].replace("_", "-")
        for echo, channel in np.ndindex(images.shape[:2]):
            for start in range(0, images.shape[4], arguments.thickest):
                slab = images[echo, channel, :, :, start : start + arguments.thickest]
                scale = np.quantile(np.abs(slab), 0.99)
                # Slabs of air teach nothing.
                if not scale > 0.1 * np.quantile(np.abs(images[echo, channel]), 0.99):
                    continue
                z, y, x = slab.shape
                name = f"channel-{scan}-e{echo}c{channel}s{start}_{z}x{y}x{x}.npy"
                np.save(os.path.join(arguments.library, name), (slab / scale).astype(np.complex64))
                number += 1
                extents.add(f"{z}x{y}")
    print(f"{number} volumes; extents (kz x ky) for masks.py: {' '.join(sorted(extents))}")


if __name__ == "__main__":
    main()
