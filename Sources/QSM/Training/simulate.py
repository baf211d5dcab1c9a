"""Local fields of random susceptibility, as a scan would give them: a mask, noise that is known more or less, and errors that are not."""
from __future__ import annotations

import glob
import os

import numpy as np
import torch

from volumes import BODY, STRONG, VESSEL, noise

EXTENT = 64


def frequencies(shape: tuple[int, ...], size: np.ndarray | tuple[float, ...] = (1, 1, 1)) -> tuple[torch.Tensor, ...]:
    """Those of a volume's axes, half of them along the last one; `size` along z, y, x."""
    axes = [torch.fft.fftfreq(n, float(h)) for n, h in zip(shape[:2], size[:2])] + [torch.fft.rfftfreq(shape[2], float(size[2]))]
    return torch.meshgrid(*axes, indexing="ij")


def dipole(shape: tuple[int, ...], size: np.ndarray, direction: np.ndarray) -> torch.Tensor:
    """The kernel in k-space, half of it along the last axis; `size` and `direction` along z, y, x."""
    k = frequencies(shape, size)
    square = sum(axis**2 for axis in k)
    along = sum(axis * float(part) for axis, part in zip(k, direction))
    square[0, 0, 0] = 1
    kernel = 1 / 3 - along**2 / square
    kernel[0, 0, 0] = 0
    return kernel


def ball(shape: tuple[int, ...], size: np.ndarray, radius: float) -> torch.Tensor:
    """The transform of the mean over a ball."""
    phase = 2 * np.pi * radius * sum(axis**2 for axis in frequencies(shape, size)).sqrt()
    phase[0, 0, 0] = 1
    factors = 3 * (torch.sin(phase) - phase * torch.cos(phase)) / phase**3
    factors[0, 0, 0] = 1
    return factors


def filtered(volume: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    """A volume whose spectrum is multiplied with factors."""
    return torch.fft.irfftn(torch.fft.rfftn(volume, dim=(-3, -2, -1)) * factors, s=volume.shape[-3:], dim=(-3, -2, -1))


def susceptibility(rng: np.random.Generator, entry: dict[str, np.ndarray]) -> np.ndarray:
    """Values [ppm] for the labels of a volume."""
    kind, labels = entry["kind"], entry["labels"]
    # Some volumes hold nothing but a few bodies, far above the rest or not.
    contrast = 0 if rng.random() < 0.18 else np.exp(rng.uniform(np.log(0.008), np.log(0.05)))
    values = contrast * rng.standard_normal(len(kind))
    body = np.exp(rng.uniform(np.log(0.02), np.log(0.15))) * rng.standard_normal(len(kind)) + rng.uniform(0, 0.06)
    if contrast == 0:
        body = body * rng.uniform(1, 4) * (rng.random(len(kind)) < rng.uniform(0.1, 1))
    values = np.where(kind == BODY, body, values)
    values = np.where(kind == VESSEL, rng.uniform(0.05, 0.45, len(kind)) * np.where(rng.random(len(kind)) < 0.9, 1, -0.3), values)
    if rng.random() < 0.6:
        values = np.where(kind == STRONG, body, values)
    else:
        values = np.where(kind == STRONG, np.where(rng.random(len(kind)) < 0.7, rng.uniform(0.3, 1.2), rng.uniform(-0.8, -0.2)), values)
    if "chi" in entry and rng.random() < 0.75:
        chi = entry["chi"].astype(np.float32) * rng.uniform(0.6, 1.6)
        chi = chi + 0.15 * values[labels] * (kind[labels] != VESSEL)
    else:
        chi = values[labels]
    return chi.astype(np.float32)


class Simulator:
    """Draws measurements from a library of volumes.

    A measurement is a dictionary of tensors [z, y, x]: `field` [ppm], zero outside `mask` and where it is not known; `noise` [ppm], its deviation; `trust`, the
    square of a typical deviation over a voxel's, at most 1; `chi` [ppm]; and `dipole`, `size`, `direction`, `deviation` [ppm]. `filtering` leaves in some no more
    than spherical means do.
    """

    def __init__(self, library: str, seed: int, extent: int = EXTENT, filtering: bool = True):
        self.filtering = filtering
        self.entries = [dict(np.load(path)) for path in sorted(glob.glob(os.path.join(library, "*.npz")))]
        self.rng = np.random.default_rng(seed)
        self.extent = extent

    def __iter__(self):
        while True:
            yield self.draw()

    def draw(self) -> dict[str, torch.Tensor]:
        rng, n = self.rng, self.extent
        entry = self.entries[rng.integers(len(self.entries))]
        size = entry["size"].copy()
        if size[0] == 0:
            size = np.ones(3)
            if rng.random() < 0.6:
                size[rng.integers(3)] = np.exp(rng.uniform(np.log(0.7), np.log(2.6)))
            size *= np.exp(rng.uniform(np.log(0.7), np.log(2)))
        direction = np.array([1.0, 0, 0])
        if rng.random() < 0.5:
            direction[1:] = rng.normal(0, 0.3, 2)
            direction /= np.linalg.norm(direction)
        parts = {name: entry[name] for name in ("labels", "mask", "chi") if name in entry}
        # Heads stay as they lie, mostly; what has no anatomy has no direction either.
        order = rng.permutation(3) if entry["size"][0] == 0 or rng.random() < 0.3 else np.array([0, 1, 2])
        flips = [axis for axis in range(3) if rng.random() < 0.5]
        parts = {name: np.flip(values.transpose(order), flips) for name, values in parts.items()}
        size = size[order]
        first = [rng.integers(0, extent - n + 1) for extent in parts["labels"].shape]
        part = tuple(slice(a, a + n) for a in first)
        parts = {name: np.ascontiguousarray(values[part]) for name, values in parts.items()}
        parts["kind"] = entry["kind"]
        # Nothing comes in from the other side of the volume.
        mask = parts["mask"].copy()
        rim = rng.integers(2, 8)
        for axis in range(3):
            np.moveaxis(mask, axis, 0)[:rim] = False
        if mask.mean() < 0.1:
            return self.draw()
        chi = susceptibility(rng, parts)
        if chi.std() > 0 and (chi == np.median(chi)).mean() < 0.5 and rng.random() < 0.7:
            chi = chi + np.exp(rng.uniform(np.log(0.001), np.log(0.015))) * noise(rng, chi.shape, rng.uniform(0, 1), rng.uniform(0.8, 2.2))
        chi = torch.from_numpy(chi.astype(np.float32))
        if rng.random() < 0.6:
            square = sum(axis**2 for axis in frequencies(chi.shape))
            chi = filtered(chi, torch.exp(-2 * np.pi**2 * rng.uniform(0.2, 0.7) ** 2 * square))
        inside = torch.from_numpy(mask.astype(np.float32))
        chi = (chi - (chi * inside).sum() / inside.sum() + rng.normal(0, 0.003)) * inside
        kernel = dipole(chi.shape, size, direction)
        field = filtered(chi, kernel)

        # Noise, more where the signal is low and near strong sources.
        deviation = np.exp(rng.uniform(np.log(0.0003), np.log(0.008)))
        relative = torch.ones_like(chi)
        if rng.random() < 0.7:
            relative = torch.from_numpy(np.exp(rng.uniform(0.1, 0.6) * noise(rng, chi.shape, rng.uniform(3, 14))))
            relative = relative * (1 + rng.uniform(0, 6) * chi.abs())
            if rng.random() < 0.5:
                relative = relative * (1 + 4 * torch.from_numpy((noise(rng, chi.shape, 2) > 2.2).astype(np.float32)))
            relative = relative / relative[inside > 0].median()
        # Errors: what microstructure, motion and the background leave, smooth or as the tissue is.
        error = torch.zeros_like(chi)
        if rng.random() < 0.7:
            amount = np.exp(rng.uniform(np.log(0.0004), np.log(0.01)))
            for part in range(2):
                if rng.random() < 0.5:
                    error += amount * torch.from_numpy(noise(rng, chi.shape, rng.uniform(0.5, 1.5), rng.uniform(0.5, 2.5)))
            if rng.random() < 0.5:
                shifts = amount * rng.standard_normal(len(parts["kind"]))
                error += torch.from_numpy(shifts[parts["labels"]].astype(np.float32))
        error = error * inside
        trust = torch.clamp(1 / relative**2, max=1) * inside
        field = (field + error + deviation * relative * torch.randn_like(chi)) * inside
        if rng.random() < 0.3:
            trust = inside.clone()
        if self.filtering and rng.random() < 0.12:
            # A field from which the mean over balls was taken, as it is known where these lie within the mask.
            mean = ball(chi.shape, size, rng.uniform(2, 7) * size.prod() ** (1 / 3))
            known = (filtered(inside, mean) > 0.97).float()
            if known.sum() > 0.3 * inside.sum():
                field = filtered(field, 1 - mean) * known
                kernel, trust = kernel * (1 - mean), trust * known
        told = np.hypot(deviation, rng.uniform(0, 1) * float((error**2).sum() / inside.sum()) ** 0.5) * np.exp(rng.normal(0, 0.15))
        return {
            "field": field, "mask": inside, "noise": deviation * relative, "trust": trust, "chi": chi, "dipole": kernel, "size": torch.tensor(size, dtype=torch.float32),
            "direction": torch.tensor(direction, dtype=torch.float32), "deviation": torch.tensor(told, dtype=torch.float32),
        }
