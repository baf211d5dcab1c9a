"""Training examples: volumes of a library, or of one's own files, through a random channel, noise and mask."""
from __future__ import annotations

import glob
import os
from collections import defaultdict

import numpy as np
import torch

from model import adjoint_transform, quantile_scale, transform
from simulate import smooth_field


def sensitivity(rng: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """One receive channel: strong on one side, with smooth magnitude and phase; complex, [z, y, x]."""
    longest = max(shape[0], shape[1])
    axes = [np.linspace(-n / longest, n / longest, n) if n > 1 else np.zeros(1) for n in shape[:2]]
    axes.append(np.arange(shape[2]) * 2 / longest)
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(0.7, 2.0)
    place = distance * np.sin(angle), distance * np.cos(angle), rng.normal() * 0.5
    squared = (z - place[0]) ** 2 + (y - place[1]) ** 2 + (x - place[2]) ** 2
    magnitude = (rng.uniform(0.1, 0.4) + squared) ** -rng.uniform(0.4, 1.5)
    magnitude = magnitude * np.exp(rng.uniform(0, 0.3) * smooth_field(rng, axes, 1.5))
    phase = rng.uniform(0, 1.2) * smooth_field(rng, axes, rng.uniform(1.2, 2.5)) + rng.normal() * z + rng.normal() * y
    return magnitude * np.exp(1j * (phase + rng.uniform(0, 2 * np.pi)))


class Examples:
    """Batches of one plane extent: normalised k-space, masks and targets.

    The truth is the noiseless channel image. The target keeps `kept_noise` of the measured noise at the acquired
    samples: 0 asks the network to denoise the measurement, 1 to trust it. `signal_to_noise` is the range of the image's 0.99
    quantile over the noise's standard deviation per real part.
    """

    def __init__(self, library: str, pool: str, seed: int, kept_noise: float = 0.5,
                 signal_to_noise: tuple[float, float] = (6, 150)):
        self.library = library
        self.kept_noise = kept_noise
        self.signal_to_noise = signal_to_noise
        self.rng = np.random.default_rng(seed)
        self.masks = {
            tuple(int(n) for n in os.path.basename(path)[:-4].split("x")): np.load(path, mmap_mode="r")
            for path in sorted(glob.glob(os.path.join(pool, "*x*.npy")))
        }
        self.refresh()

    def refresh(self) -> int:
        """Looks for volumes that have been added to the library; returns their number."""
        self.volumes = defaultdict(list)
        paths = sorted(p for p in glob.glob(os.path.join(self.library, "*x*.npy")) if not p.endswith(".part.npy"))
        for path in paths:
            z, y, x = (int(n) for n in os.path.basename(path)[:-4].split("_")[1].split("x"))
            if (z, y) in self.masks:
                self.volumes[z, y].append((path, x))
        self.extents = sorted(self.volumes)
        return len(paths)

    def batch(self, voxels: int, slices: int, largest_plane: int = 10**9) -> tuple[torch.Tensor, ...]:
        """`measured` [N, z, y, x], `mask` [N, z, y, 1], `target` and, without any noise, `truth` [N, z, y, x] of about
        `voxels` voxels in all."""
        rng = self.rng
        extents = [e for e in self.extents if e[0] * e[1] <= largest_plane]
        extent = extents[rng.integers(len(extents))]
        # A thick slab of a large plane would take as long as many small ones.
        thickest = max(1, 2 * voxels // (extent[0] * extent[1]))
        thickness = min(slices, thickest, max(x for _, x in self.volumes[extent]))
        paths = [path for path, x in self.volumes[extent] if x >= thickness]
        number = max(1, round(voxels / (extent[0] * extent[1] * thickness)))
        images, masks, deviations = [], [], []
        while len(images) < number:
            path = paths[rng.integers(len(paths))]
            volume = np.load(path, mmap_mode="r")
            start = rng.integers(max(1, volume.shape[2] - thickness + 1))
            image = np.array(volume[:, :, start : start + thickness])
            for axis in range(3):
                if rng.random() < 0.5:
                    image = np.flip(image, axis)
            if rng.random() < 0.5:
                image = image.conj()
            if os.path.basename(path).startswith("channel-"):
                image = image * np.exp(2j * np.pi * rng.random())
            else:
                image = image * sensitivity(rng, image.shape)
            magnitude = np.quantile(np.abs(image), 0.99)
            if not magnitude > 1e-6:
                continue
            images.append((image / magnitude).astype(np.complex64))
            # The noise's standard deviation per real part, relative to the strong part of the image.
            deviations.append(1 / np.exp(rng.uniform(*np.log(self.signal_to_noise))))
            pool = self.masks[extent]
            masks.append(np.array(pool[rng.integers(len(pool))]))
        truth = transform(torch.from_numpy(np.stack(images)))
        mask = torch.from_numpy(np.stack(masks).astype(np.float32))[..., None]
        noise = rng.standard_normal((*truth.shape, 2), dtype=np.float32)
        noise *= np.array(deviations, np.float32)[:, None, None, None, None]
        noise = torch.view_as_complex(torch.from_numpy(noise)) * mask
        measured = truth * mask + noise
        target = adjoint_transform(truth + self.kept_noise * noise)
        scale = quantile_scale(adjoint_transform(measured))[:, None, None, None]
        return measured / scale, mask, target / scale, adjoint_transform(truth) / scale
