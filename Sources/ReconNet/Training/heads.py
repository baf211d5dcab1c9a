"""Training volumes of the numerical head without receive channels: what an array sees, not what a channel sees of it.

    python heads.py LIBRARY --kspace PATH/kspace --seed 930000 --count 40

Age, grid and echo times are random; slabs of a few readout positions are cut from the middle of the head. Equal seeds give equal volumes.
"""
from __future__ import annotations

import argparse
import os
import subprocess
import tempfile

import nibabel
import numpy as np

from mrd import read_mrd, transform_along

# Matrix (x, y, z) and voxel size [mm]; (z, y) are among the extents that masks are made for.
GRIDS = [
    ((64, 76, 48), (2.6, 2.6, 2.6)), ((96, 112, 109), (1.8, 1.8, 1.6)), ((72, 96, 72), (2.4, 2, 2.2)), ((80, 96, 72), (2, 2, 2)),
    ((64, 80, 64), (2.5, 2.5, 2.5)), ((88, 92, 120), (2, 2, 1.4)), ((90, 112, 109), (2, 1.8, 1.5)),
]


def head(command: str, seed: int) -> np.ndarray:
    """Images [echo, z, y, x] of one head at two echo times, as a uniform channel without noise would see them."""
    rng = np.random.default_rng(seed)
    matrix, voxel = GRIDS[rng.integers(len(GRIDS))]
    times = ",".join(f"{time:.1f}ms" for time in sorted(rng.uniform(3, 26, 2)))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "head.h5")
        subprocess.run(
            [command, "phantom", "--seed", str(seed), "--age", str(rng.integers(18, 76)), "--matrix", "x".join(map(str, matrix)),
             "--voxel-size", "x".join(map(str, voxel)) + "mm", "--channels", "1", "--echo-times", times, "--snr", "inf", "-o", path],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        images = transform_along(read_mrd(path), (2, 3), inverse=True)[:, 0]
        seen = np.squeeze(nibabel.load(os.path.join(folder, "head_truth", "sensitivities.nii.gz")).dataobj).T
    first = (images.shape[-1] - seen.shape[-1]) // 2
    images = images[..., first : first + seen.shape[-1]]
    return images / np.where(np.abs(seen) > 0.02 * np.abs(seen).max(), seen, np.inf)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--kspace", default="kspace", help="the command `kspace`")
    parser.add_argument("--seed", type=int, default=930000)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--thickest", type=int, default=4, help="slices along the readout in one volume")
    arguments = parser.parse_args()
    os.makedirs(arguments.library, exist_ok=True)
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        images = head(arguments.kspace, seed)
        length = images.shape[-1]
        for echo, image in enumerate(images):
            for start in range(int(0.15 * length), int(0.85 * length) - arguments.thickest, arguments.thickest):
                slab = image[..., start : start + arguments.thickest]
                scale = np.quantile(np.abs(slab), 0.99)
                # Slabs of air teach nothing.
                if scale > 0.1 * np.quantile(np.abs(image), 0.99):
                    name = f"head-{seed}e{echo}s{start}_" + "x".join(map(str, slab.shape)) + ".npy"
                    np.save(os.path.join(arguments.library, name), (slab / scale).astype(np.complex64))


if __name__ == "__main__":
    main()
