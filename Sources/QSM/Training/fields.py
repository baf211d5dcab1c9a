"""Local fields as the toolkit leaves them when it removes the background of sources outside the mask.

    python fields.py FIELDS --library LIBRARY --kspace PATH/kspace --count 600

Every file holds a measurement [ppb] as `simulate.Simulator` draws them, whose field went through `kspace qsm`: what its background removal leaves
of air, bone and cavities around the mask, and what it takes of the tissue's field. Equal seeds give equal files.
"""
from __future__ import annotations

import argparse
import glob
import os
import subprocess
import tempfile

import nibabel
import numpy as np
import torch
from scipy import ndimage

from simulate import Simulator, dipole, filtered
from volumes import noise

# The background is made on a grid that is wider by this on every side.
MARGIN = 28
HERTZ_PER_PPM = 3 * 42.577478


def surroundings(rng: np.random.Generator, mask: np.ndarray) -> np.ndarray:
    """Sources [ppm] outside a mask: skin and air around it, a skull, cavities."""
    distance = ndimage.distance_transform_edt(~mask).astype(np.float32)
    rough = distance + rng.uniform(0, 1.5) * noise(rng, mask.shape, rng.uniform(2, 8))
    chi = rng.normal(0, 0.1) * (distance > 0).astype(np.float32)
    if rng.random() < 0.8:
        first = rng.uniform(1, 5)
        chi[(rough > first) & (rough < first + rng.uniform(1, 4)) & (distance > 0)] = -rng.uniform(0.5, 3)
    if rng.random() < 0.9:
        chi[(rough > rng.uniform(4, 14)) & (distance > 2)] = 9.4
    grid = np.stack(np.meshgrid(*map(np.arange, mask.shape), indexing="ij"), -1).astype(np.float32)
    near = np.argwhere((distance > 1) & (distance < 9))
    for _ in range(rng.integers(0, 5)):
        centre = near[rng.integers(len(near))]
        radii = np.exp(rng.uniform(np.log(1.5), np.log(9))) * np.exp(rng.uniform(-0.4, 0.4, 3))
        cavity = (((grid - centre) / radii) ** 2).sum(-1) < 1
        chi[cavity & (distance > rng.uniform(0, 3))] = 9.4 * rng.uniform(0.3, 1)
    # Borders of sources do not follow those of voxels.
    return ndimage.gaussian_filter(chi, rng.uniform(0.3, 0.8)) * (distance > 0)


def background(rng: np.random.Generator, mask: np.ndarray, size: np.ndarray, direction: np.ndarray) -> torch.Tensor:
    """The field [ppm] of sources outside a mask."""
    wide = np.pad(mask, MARGIN)
    chi = torch.from_numpy(surroundings(rng, wide).astype(np.float32))
    field = filtered(chi, dipole(chi.shape, size, direction))
    return field[MARGIN:-MARGIN, MARGIN:-MARGIN, MARGIN:-MARGIN]


def affine(size: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """One with which the static field, which is the scanner's z, has a direction along the axes z, y, x of a volume."""
    last = direction[::-1] / np.linalg.norm(direction)
    first = np.cross([0, 1, 0], last)
    first /= np.linalg.norm(first)
    result = np.eye(4)
    result[:3, :3] = np.stack([first, np.cross(last, first), last]) * size[::-1]
    return result


def removed(command: str, method: str, field: np.ndarray, deviation: np.ndarray, mask: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The local field [ppm] and where it is known."""
    with tempfile.TemporaryDirectory() as folder:
        path = lambda name: os.path.join(folder, name)
        for name, values in [("field", field), ("noise", deviation)]:
            nibabel.save(nibabel.Nifti1Image(values.astype(np.float32).T, place), path(name + ".nii.gz"))
        nibabel.save(nibabel.Nifti1Image(mask.astype(np.uint8).T, place), path("mask.nii.gz"))
        subprocess.run(
            [command, "qsm", "--total-field", path("field.nii.gz"), "--field-unit", "ppm", "--field-noise", path("noise.nii.gz"), "--field-strength", "3T",
             "--mask", path("mask.nii.gz"), "--background", method, "--inversion", "tkd", "--intermediates", "-o", path("qsm")],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        load = lambda name: np.asarray(nibabel.load(glob.glob(path(f"qsm/**/*{name}.nii.gz"), recursive=True)[0]).dataobj).squeeze().T
        return load("local_fieldmap") / HERTZ_PER_PPM, load("localfield_mask") > 0


class Fields:
    """Draws from a folder of such fields, which may still grow, flipped and scaled."""

    def __init__(self, folder: str, seed: int):
        self.folder = folder
        self.rng = np.random.default_rng(seed)

    def __iter__(self):
        while True:
            yield self.draw()

    def draw(self) -> dict[str, torch.Tensor]:
        rng, paths = self.rng, sorted(path for path in glob.glob(os.path.join(self.folder, "*.npz")) if ".part" not in path)
        entry = np.load(paths[rng.integers(len(paths))])
        flips = [axis for axis in range(3) if rng.random() < 0.5]
        turned = lambda name: torch.from_numpy(np.ascontiguousarray(np.flip(entry[name], flips)).astype(np.float32))
        direction = np.where([axis in flips for axis in range(3)], -1, 1) * entry["direction"]
        amount = np.exp(rng.uniform(-0.3, 0.3))
        field, chi, deviation = (amount / 1000 * turned(name) for name in ("field", "chi", "noise"))
        mask = turned("mask")
        kernel = dipole(chi.shape, entry["size"], direction)
        chi = chi * mask
        error = (field - filtered(chi, kernel)) * mask
        typical = deviation[mask > 0].median()
        trust = torch.where(mask > 0, torch.clamp((typical / deviation) ** 2, max=1), 0) if rng.random() < 0.8 else mask.clone()
        # A field shows some of its errors beside the noise that is known.
        rest = max(float((error**2 * mask).sum() / mask.sum()) - float(typical) ** 2, 0) ** 0.5
        told = np.hypot(float(typical), rng.uniform(0, 0.7) * rest) * np.exp(rng.normal(0, 0.1))
        return {
            "field": field * mask, "mask": mask, "trust": trust, "chi": chi, "dipole": kernel, "size": torch.tensor(entry["size"], dtype=torch.float32),
            "direction": torch.tensor(direction, dtype=torch.float32), "deviation": torch.tensor(told, dtype=torch.float32),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fields")
    parser.add_argument("--library", required=True)
    parser.add_argument("--kspace", default="kspace", help="the command `kspace`")
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--extent", type=int, default=72)
    parser.add_argument("--seed", type=int, default=7000)
    arguments = parser.parse_args()
    os.makedirs(arguments.fields, exist_ok=True)
    torch.set_num_threads(1)
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        target = os.path.join(arguments.fields, f"{seed}.npz")
        if os.path.exists(target):
            continue
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        measurement = Simulator(arguments.library, seed, arguments.extent, filtering=False).draw()
        mask, size, direction = (measurement[name].numpy() for name in ("mask", "size", "direction"))
        mask = mask > 0
        total = measurement["field"] + background(rng, mask, size.astype(float), direction.astype(float))
        method = "tfi" if rng.random() < 0.8 else "auto"
        try:
            local, known = removed(
                arguments.kspace, method, total.numpy() * mask, measurement["noise"].numpy() * mask, mask, affine(size, direction))
        except subprocess.CalledProcessError:
            print(seed, "was refused", flush=True)
            continue
        if known.sum() < 0.5 * mask.sum():
            continue
        volumes = {"field": local, "noise": measurement["noise"].numpy(), "chi": measurement["chi"].numpy()}
        # In ppb, of which half precision has enough digits.
        volumes = {name: np.where(known, 1000 * values, 0).astype(np.float16) for name, values in volumes.items()}
        np.savez_compressed(target + ".part.npz", mask=known, size=size, direction=direction, **volumes)
        os.replace(target + ".part.npz", target)


if __name__ == "__main__":
    main()
