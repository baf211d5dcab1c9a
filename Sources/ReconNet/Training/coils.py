"""Receive arrays for training: loops around the head, or measured sensitivities; unit root sum of squares, complex [channel, z, y, x]."""
from __future__ import annotations

import numpy as np
from scipy.ndimage import zoom

from simulate import rotation


def grid_points(rng: np.random.Generator, shape: tuple[int, int, int], step: tuple[int, ...] = (1, 1, 1)) -> list[np.ndarray]:
    """The places of voxels, half the longer field of view of (z, y) being 1; x is a thin slab anywhere within the head."""
    longest = max(shape[0], shape[1])
    z, y = (np.linspace(-n / longest, n / longest, max(2, -(-n // s)) if n > 1 else 1) for n, s in zip(shape[:2], step))
    x = rng.uniform(-0.6, 0.6) + np.linspace(0, 2 * shape[2] / longest, max(2, -(-shape[2] // step[2])) if shape[2] > 1 else 1)
    return np.meshgrid(z, y, x, indexing="ij")


def loops(rng: np.random.Generator, shape: tuple[int, int, int], channels: int) -> np.ndarray:
    """What circular loops on a helmet receive of a transverse magnetisation, by Biot and Savart's law."""
    step = tuple(max(1, n // 18) for n in shape[:2]) + (max(1, shape[2] // 4),)
    points = np.stack(grid_points(rng, shape, step), -1) * rng.uniform(0.8, 1.1)
    points = points @ rotation(rng).T + rng.normal(size=3) * 0.08
    result = np.empty((channels, *points.shape[:3]), complex)
    golden = np.pi * (3 - 5**0.5)
    turn, field = rng.uniform(0, 2 * np.pi), rotation(rng)
    for channel in range(channels):
        # Evenly over the sphere but for a hole for the neck.
        height = 1 - 1.75 * (channel + rng.uniform(0.3, 0.7)) / channels
        angle = turn + golden * channel
        normal = np.array([height, *(np.sqrt(max(0.0, 1 - height**2)) * np.array([np.cos(angle), np.sin(angle)]))])
        centre = normal * rng.uniform(1.25, 1.6)
        radius = rng.uniform(1.0, 1.5) * 2 / np.sqrt(channels)
        first = np.cross(normal, rng.normal(size=3))
        first /= np.linalg.norm(first)
        second = np.cross(normal, first)
        angles = np.linspace(0, 2 * np.pi, 17)[:-1]
        wire = centre + radius * (np.cos(angles)[:, None] * first + np.sin(angles)[:, None] * second)
        flow = np.roll(wire, -1, 0) - wire
        distance = points[..., None, :] - (wire + flow / 2)
        b1 = (np.cross(flow, distance) / (np.linalg.norm(distance, axis=-1, keepdims=True) ** 3 + 1e-3)).sum(-2)
        b1 = b1 @ field.T
        result[channel] = (b1[..., 0] - 1j * b1[..., 1]) * np.exp(2j * np.pi * rng.random())
    factors = [n / m for n, m in zip(shape, result.shape[1:])]
    fine = np.stack([zoom(c.real, factors, order=3, mode="nearest") + 1j * zoom(c.imag, factors, order=3, mode="nearest") for c in result])
    return unit(fine[:, : shape[0], : shape[1], : shape[2]])


def measured(rng: np.random.Generator, shape: tuple[int, int, int], channels: int, coefficients: np.ndarray) -> np.ndarray:
    """Some channels of a measured array from a random side; Fourier coefficients [channel, 5, 5, 5] of a head's field of view."""
    points = np.stack(grid_points(rng, shape), 0) * rng.uniform(0.38, 0.5)
    points = np.einsum("ab,bzyx->azyx", np.eye(3)[rng.permutation(3)] @ rotation(rng, 0.3), points)
    points += rng.uniform(-0.06, 0.06, 3)[:, None, None, None]
    waves = [np.exp(-1j * np.pi * np.multiply.outer(np.arange(-2, 3), axis)).astype(np.complex64) for axis in points]
    chosen = coefficients[rng.choice(len(coefficients), channels, replace=False)]
    maps = np.einsum("cijk,izyx,jzyx,kzyx->czyx", chosen, *waves, optimize=True)
    return unit(maps * np.exp(2j * np.pi * rng.random(channels))[:, None, None, None])


def unit(maps: np.ndarray) -> np.ndarray:
    size = np.sqrt((np.abs(maps) ** 2).sum(0))
    return (maps / np.maximum(size, 1e-6)).astype(np.complex64)
