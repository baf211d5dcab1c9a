"""Pools of sampling masks, made by this project's own generator (`kspace mask`) for many extents.

    python masks.py POOL --kspace PATH/kspace --seed 1 --count 120

Each file `{z}x{y}.npy` holds [count, z, y] bool. Accelerations, calibration boxes, outlines and densities vary.
"""
from __future__ import annotations

import argparse
import os
import subprocess
import tempfile

import numpy as np

from simulate import PLANE_EXTENTS


def poisson(command: str, z: int, y: int, acceleration: float, calibration: tuple[int, int], seed: int,
            ellipse: bool = False, slope: float = 0.0) -> np.ndarray:
    """One Poisson-disk mask [z, y]; the calibration box is (y, z)."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mask.npy")
        subprocess.run(
            [command, "mask", "poisson", "--matrix", f"{y}x{z}", "--acceleration", f"{acceleration:.4f}",
             "--calibration", f"{calibration[0]}x{calibration[1]}", "--density-slope", f"{slope:.3f}",
             "--shutter", "ellipse" if ellipse else "rectangle", "--seed", str(seed), "-o", path],
            check=True, stdout=subprocess.DEVNULL)
        return np.load(path)


def random_density(rng: np.random.Generator, z: int, y: int, acceleration: float, calibration: tuple[int, int]) -> np.ndarray:
    """Independent positions with a density that falls as a power of the distance from the centre."""
    kz, ky = (np.arange(z) - z // 2) / (z / 2), (np.arange(y) - y // 2) / (y / 2)
    distance = np.clip(np.hypot(*np.meshgrid(kz, ky, indexing="ij")), 0, 1)
    weight = (1 - 0.95 * distance) ** rng.choice([0, 0, 1, 2, 3])
    mask = calibration_box(z, y, calibration)
    wanted = max(0, int(z * y / acceleration) - mask.sum())
    keys = np.where(mask, np.inf, rng.exponential(size=(z, y)) / np.maximum(weight, 1e-6))
    mask.ravel()[np.argsort(keys, axis=None)[:wanted]] = True
    return mask


def calibration_box(z: int, y: int, calibration: tuple[int, int]) -> np.ndarray:
    mask = np.zeros((z, y), bool)
    cy, cz = calibration
    mask[z // 2 - cz // 2 : z // 2 - cz // 2 + cz, y // 2 - cy // 2 : y // 2 - cy // 2 + cy] = True
    return mask


def draw(command: str, rng: np.random.Generator, z: int, y: int) -> np.ndarray:
    acceleration = float(np.exp(rng.uniform(np.log(2.8), np.log(8.5))))
    # The box takes at most two fifths of the samples.
    largest = int(np.sqrt(0.4 * z * y / acceleration))
    calibration = tuple(int(n) for n in rng.integers(4, max(6, min(30, largest)) + 1, size=2))
    if rng.random() < 0.12:
        return random_density(rng, z, y, acceleration, calibration)
    ellipse = rng.random() < 0.2
    if ellipse:
        acceleration = max(acceleration, 3.0)
    slope = rng.choice([0, 0, 0, 0.5, 1, 2]) * rng.uniform(0.5, 1.2)
    return poisson(command, z, y, acceleration, calibration, int(rng.integers(2**31)), ellipse, slope)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool")
    parser.add_argument("--kspace", default="kspace", help="the command `kspace`")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--extents", nargs="+", metavar="ZxY", help="extents instead of the simulator's")
    arguments = parser.parse_args()
    os.makedirs(arguments.pool, exist_ok=True)
    rng = np.random.default_rng(arguments.seed)
    extents = PLANE_EXTENTS
    if arguments.extents:
        extents = [tuple(int(n) for n in extent.split("x")) for extent in arguments.extents]
    for z, y in extents:
        pool = np.stack([draw(arguments.kspace, rng, z, y) for _ in range(arguments.count)])
        np.save(os.path.join(arguments.pool, f"{z}x{y}.npy"), pool)
        print(f"{z}x{y}: mean acceleration {pool.size / pool.sum():.2f}", flush=True)


if __name__ == "__main__":
    main()
