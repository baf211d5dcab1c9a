"""Volumes of labels that susceptibility is drawn for: folds, bodies and vessels of no anatomy, and heads.

    python volumes.py LIBRARY --count 160
    python volumes.py LIBRARY --kspace PATH/kspace --heads 32 --anatomy PATH

Every file holds `labels` [z, y, x], the `kind` of each label, `size`, the voxel size along z, y, x [mm] (0 where it is any), `mask`, and for
heads `chi` [ppm]. `--anatomy` is a folder with a T1-weighted brain on 1 mm (`*_brain.nii.gz`) and labels of nuclei on its grid
(`*subcortex*.nii.gz`). Equal seeds give equal volumes.
"""
from __future__ import annotations

import argparse
import glob
import os
import subprocess
import tempfile

import nibabel
import numpy as np
from scipy import ndimage

TISSUE, BODY, VESSEL, STRONG = range(4)
EXTENT = 80
GRIDS = [
    ((88, 112, 36), (2, 2, 4)), ((112, 140, 76), (1.6, 1.6, 2)), ((160, 192, 72), (1.06, 1.06, 2)), ((136, 168, 112), (1.3, 1.3, 1.3)),
]


def noise(rng: np.random.Generator, shape: tuple[int, ...], length: float, slope: float = 0) -> np.ndarray:
    """A random field of zero mean and unit deviation, smooth over `length` voxels, with a power law on top."""
    spectrum = np.fft.rfftn(rng.standard_normal(shape, dtype=np.float32))
    axes = [np.fft.fftfreq(shape[0]), np.fft.fftfreq(shape[1]), np.fft.rfftfreq(shape[2])]
    square = sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij"))
    spectrum *= np.exp(-2 * np.pi**2 * length**2 * square)
    if slope:
        spectrum *= (square + (0.3 / max(shape)) ** 2) ** (-slope / 2)
    spectrum[0, 0, 0] = 0
    values = np.fft.irfftn(spectrum, shape, axes=(0, 1, 2)).astype(np.float32)
    return values / values.std()


def rotation(rng: np.random.Generator) -> np.ndarray:
    basis, upper = np.linalg.qr(rng.standard_normal((3, 3)))
    return basis * np.sign(np.diag(upper))


def folds(rng: np.random.Generator, labels: np.ndarray, kind: list[int]) -> None:
    """Sheets and lobes: level sets of random fields."""
    for _ in range(rng.integers(1, 4)):
        values = noise(rng, labels.shape, rng.uniform(1.5, 8))
        levels = np.sort(rng.uniform(-1.8, 1.8, rng.integers(2, 6)))
        where = np.ones(labels.shape, bool) if not labels.any() else noise(rng, labels.shape, rng.uniform(6, 16)) > rng.uniform(-0.5, 1)
        labels[where] = len(kind) + np.searchsorted(levels, values)[where]
        kind += [TISSUE] * (len(levels) + 1)


def bodies(rng: np.random.Generator, labels: np.ndarray, kind: list[int], count: int) -> None:
    """Ellipsoids and boxes in any direction."""
    grid = np.stack(np.meshgrid(*map(np.arange, labels.shape), indexing="ij"), -1).astype(np.float32)
    for _ in range(count):
        radii = np.exp(rng.uniform(np.log(1.2), np.log(12))) * np.exp(rng.uniform(-0.7, 0.7, 3))
        centre = rng.uniform(4, np.array(labels.shape) - 4)
        reach = int(np.ceil(radii.max() * 1.8))
        lower = np.maximum(centre.astype(int) - reach, 0)
        part = tuple(slice(a, a + 2 * reach + 1) for a in lower)
        place = np.abs((grid[part] - centre) @ rotation(rng) / radii)
        inside = (place**2).sum(-1) < 1 if rng.random() < 0.75 else place.max(-1) < 0.8
        if rng.random() < 0.3:
            # A shell, as the rim of a lesion.
            inside &= (place**2).sum(-1) > rng.uniform(0.3, 0.8)
        labels[part][inside] = len(kind)
        kind.append(STRONG if rng.random() < 0.06 else BODY)


def vessels(rng: np.random.Generator, labels: np.ndarray, kind: list[int], count: int) -> None:
    """Tubes along paths that turn."""
    shape = np.array(labels.shape)
    for _ in range(count):
        place, direction = rng.uniform(0, shape), rotation(rng)[0]
        radius = rng.uniform(0.5, 1.6)
        bend = rng.uniform(0.02, 0.15)
        offsets = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 3, indexing="ij"), -1).reshape(-1, 3)
        for _ in range(rng.integers(20, 240)):
            place = place + 0.5 * direction
            direction = direction + bend * rng.standard_normal(3)
            direction /= np.linalg.norm(direction)
            voxels = np.round(place).astype(int) + offsets
            near = ((voxels - place) ** 2).sum(1) < radius**2
            voxels = voxels[near & (voxels >= 0).all(1) & (voxels < shape).all(1)]
            labels[tuple(voxels.T)] = len(kind)
        kind.append(VESSEL)


def invented(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A volume of no anatomy."""
    shape = (EXTENT,) * 3
    labels, kind = np.zeros(shape, np.uint8), []
    folds(rng, labels, kind)
    bodies(rng, labels, kind, rng.integers(6, 40))
    vessels(rng, labels, kind, rng.integers(0, 14))
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"), -1)
    surface = (((grid - rng.uniform(-0.15, 0.15, 3)) / rng.uniform(0.7, 1.1, 3)) ** 2).sum(-1)
    mask = surface + rng.uniform(0, 0.2) * noise(rng, shape, rng.uniform(2, 8)) < 1
    return {"labels": labels, "kind": np.array(kind, np.uint8), "size": np.zeros(3), "mask": mask}


def crops(rng: np.random.Generator, labels: np.ndarray, kind: list[int], size: tuple, mask: np.ndarray, count: int,
          chi: np.ndarray | None = None) -> list[dict[str, np.ndarray]]:
    """Parts of a head, with a rim of nothing where it is smaller."""
    result = []
    for _ in range(count):
        part, place = [], []
        for extent in labels.shape:
            first = rng.integers(0, extent - EXTENT + 1) if extent > EXTENT else 0
            part.append(slice(first, first + min(extent, EXTENT)))
            free = EXTENT - min(extent, EXTENT)
            place.append((free // 2, free - free // 2))
        cut = lambda values: np.pad(values[tuple(part)], place)
        if cut(mask).mean() < 0.15:
            continue
        entry = {"labels": cut(labels).astype(np.uint8), "kind": np.array(kind, np.uint8), "size": np.array(size, float), "mask": cut(mask)}
        if chi is not None:
            entry["chi"] = cut(chi).astype(np.float16)
        result.append(entry)
    return result


def head(rng: np.random.Generator, command: str, seed: int, number: int) -> list[dict[str, np.ndarray]]:
    """Parts of a numerical head."""
    matrix, voxel = GRIDS[number % len(GRIDS)]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "head.h5")
        subprocess.run(
            [command, "phantom", "--seed", str(seed), "--age", str(rng.integers(18, 76)), "--matrix", "x".join(map(str, matrix)),
             "--voxel-size", "x".join(map(str, voxel)) + "mm", "--channels", "1", "--echoes", "1", "--snr", "inf", "-o", path],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        load = lambda name: np.asarray(nibabel.load(os.path.join(folder, "head_truth", name)).dataobj).squeeze().T
        labels, mask, chi = load("labels.nii.gz"), load("mask.nii.gz") > 0, load("chi.nii.gz")
    kind = [TISSUE] * 7 + [BODY] * int(max(labels.max() - 6, 0))
    kind[6] = VESSEL
    return crops(rng, labels, kind, voxel[::-1], mask, 4, np.where(mask, np.clip(chi, -1, 1), 0))


def anatomy(rng: np.random.Generator, folder: str, count: int) -> list[dict[str, np.ndarray]]:
    """Parts of a brain, turned and stretched, whose labels are intensities of its image and nuclei."""
    image = np.asarray(nibabel.load(glob.glob(os.path.join(folder, "*_brain.nii.gz"))[0]).dataobj, np.float32).squeeze().T
    nuclei = np.asarray(nibabel.load(glob.glob(os.path.join(folder, "*subcortex*.nii.gz"))[0]).dataobj, np.float32).squeeze().T.astype(int)
    result = []
    while len(result) < count:
        size = np.exp(rng.uniform(np.log(0.7), np.log(2), 3)) if rng.random() < 0.5 else np.full(3, rng.uniform(0.7, 1.8))
        turned = rotation(rng) if rng.random() < 0.5 else np.eye(3)
        centre = np.array([rng.uniform(0.25, 0.75) * n for n in image.shape])
        matrix = turned @ np.diag(size)
        offset = centre - matrix @ np.full(3, EXTENT / 2)
        cut = lambda values, order: ndimage.affine_transform(values, matrix, offset, (EXTENT,) * 3, order=order)
        values = cut(image, 1)
        mask = ndimage.binary_erosion(ndimage.binary_closing(values > 0.1 * image.max(), iterations=2))
        if mask.mean() < 0.2:
            continue
        levels = np.quantile(values[mask], np.sort(rng.uniform(0.02, 0.98, rng.integers(4, 20))))
        labels = np.searchsorted(levels, values + rng.uniform(0, 0.03) * image.max() * noise(rng, values.shape, 1))
        kind = [TISSUE] * (len(levels) + 1)
        found = cut(nuclei, 0)
        for label in np.unique(found[found > 0]):
            labels[found == label] = len(kind)
            kind.append(BODY)
        labels = labels.astype(np.uint8)
        vessels(rng, labels, kind, rng.integers(0, 20))
        bodies(rng, labels, kind, rng.integers(0, 4))
        result.append({"labels": labels, "kind": np.array(kind, np.uint8), "size": np.zeros(3), "mask": mask})
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--count", type=int, default=0, help="volumes of no anatomy")
    parser.add_argument("--heads", type=int, default=0, help="numerical heads, four volumes of each")
    parser.add_argument("--kspace", default="kspace", help="the command `kspace`")
    parser.add_argument("--anatomy", help="a folder with a brain and its nuclei")
    parser.add_argument("--seed", type=int, default=5100)
    arguments = parser.parse_args()
    os.makedirs(arguments.library, exist_ok=True)

    def save(name: str, entries: list[dict[str, np.ndarray]]) -> None:
        for number, entry in enumerate(entries):
            np.savez_compressed(os.path.join(arguments.library, f"{name}-{number}.npz"), **entry)

    for seed in range(arguments.seed, arguments.seed + arguments.count):
        save(f"invented-{seed}", [invented(np.random.default_rng(seed))])
    for number in range(arguments.heads):
        seed = arguments.seed + number
        save(f"head-{seed}", head(np.random.default_rng(seed), arguments.kspace, seed, number))
    if arguments.anatomy:
        save(f"anatomy-{arguments.seed}", anatomy(np.random.default_rng(arguments.seed), arguments.anatomy, max(arguments.count, 1)))


if __name__ == "__main__":
    main()
