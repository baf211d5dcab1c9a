"""The share of the fine phase that a reconstruction keeps: what nuclei differ by from their surroundings."""
from __future__ import annotations

import torch
from torch.nn import functional

# Phase that is smooth over so many voxels is not fine.
SMOOTH = 4.0


def gaussian(deviation: float) -> torch.Tensor:
    reach = int(3 * deviation)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / deviation) ** 2)
    return kernel / kernel.sum()


def smoothed(planes: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """[N, z, y] blurred along both axes."""
    reach = len(kernel) // 2
    planes = planes[:, None]
    planes = functional.conv2d(planes, kernel[None, None, :, None], padding=(reach, 0))
    return functional.conv2d(planes, kernel[None, None, None, :], padding=(0, reach))[:, 0]


def local_phase(image: torch.Tensor, truth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The fine phase of the truth, what the image's differs by, and the weights of voxels, each [N x, z, y]."""
    truth, image = (v.permute(0, 3, 1, 2).flatten(0, 1) for v in (truth, image))
    kernel = gaussian(SMOOTH).to(truth.device)
    power = truth.abs().square()
    weights = power * (power > 0.02)
    coarse = torch.complex(smoothed(truth.real, kernel), smoothed(truth.imag, kernel))
    fine = torch.angle(truth * coarse.conj())
    difference = (image * truth.conj()).imag / power.clamp(min=0.02)

    def high(values):
        return values - smoothed(values * weights, kernel) / (smoothed(weights, kernel) + 1e-6)

    return high(fine) * (fine.abs() < 1.5), high(difference), weights


def phase_loss(image: torch.Tensor, truth: torch.Tensor) -> tuple[torch.Tensor, float]:
    """How much of the true fine phase is missing (or too much) window by window, whatever noise is on it; and the slope over all.

    Complex images [N, z, y, x] whose bright voxels are about 1.
    """
    fine, difference, weights = local_phase(image, truth)
    missing = functional.avg_pool2d((weights * fine * difference)[:, None], 12, 6)
    present = functional.avg_pool2d((weights * fine * fine)[:, None], 12, 6)
    floor = present.mean().clamp(min=1e-8)
    loss = (missing.square() / (present + 0.1 * floor)).sum() / present.sum().clamp(min=1e-8)
    slope = 1 + float((weights * fine * difference).sum().detach() / (weights * fine * fine).sum().clamp(min=1e-8))
    return (loss + 1e-8).sqrt(), slope
