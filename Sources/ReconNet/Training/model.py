"""ReconNet3D in PyTorch: five blocks of five 3x3x3 convolutions, each followed by data consistency.

One receive channel and one echo at a time. A complex volume is two real channels [re, im];
tensors are [N, 2, z, y, x] with (z, y) the phase-encoding axes (kz, ky) and x the readout,
which is fully sampled and already transformed. Names of the parameters are those of the
weight file: `blocks.{b}.convolutions.{l}.weight`, `.bias`, `blocks.{b}.consistency.weight`.

Schlemper et al., 2018, doi:10.1109/TMI.2017.2760978.
"""
from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

PHASE_ENCODING_AXES = (-3, -2)


def transform(image: torch.Tensor) -> torch.Tensor:
    """Centred unitary FFT over (z, y), image to k-space: exp(-2 pi i k.r), centre at index n/2."""
    shifted = torch.fft.ifftshift(image, dim=PHASE_ENCODING_AXES)
    return torch.fft.fftshift(
        torch.fft.fft2(shifted, dim=PHASE_ENCODING_AXES, norm="ortho"), dim=PHASE_ENCODING_AXES
    )


def adjoint_transform(kspace: torch.Tensor) -> torch.Tensor:
    """Inverse, and adjoint, of `transform`."""
    shifted = torch.fft.ifftshift(kspace, dim=PHASE_ENCODING_AXES)
    return torch.fft.fftshift(
        torch.fft.ifft2(shifted, dim=PHASE_ENCODING_AXES, norm="ortho"), dim=PHASE_ENCODING_AXES
    )


def as_channels(image: torch.Tensor) -> torch.Tensor:
    """[N, z, y, x] complex to [N, 2, z, y, x] real."""
    return torch.stack((image.real, image.imag), dim=1)


def as_complex(image: torch.Tensor) -> torch.Tensor:
    """[N, 2, z, y, x] real to [N, z, y, x] complex."""
    return torch.complex(image[:, 0], image[:, 1])


class DataConsistency(nn.Module):
    """Replaces (noiseless) or averages (lambda) the acquired samples: s' = (s + lambda s0)/(1 + lambda).

    Samples off the mask are untouched.
    """

    def __init__(self, initial_lambda: float | None):
        super().__init__()
        if initial_lambda is not None:
            self.weight = nn.Parameter(torch.tensor([float(initial_lambda)]))
        else:
            self.register_parameter("weight", None)

    def forward(self, image: torch.Tensor, measured: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """`measured` [N, z, y, x] complex; `mask` broadcasts against it, 1 where acquired."""
        samples = transform(as_complex(image))
        if self.weight is None:
            share = mask.to(image.dtype)
        else:
            weight = self.weight.clamp(min=0)
            share = mask.to(image.dtype) * (weight / (1 + weight))
        return as_channels(adjoint_transform(samples + share * (measured - samples)))


class Block(nn.Module):
    """`layers` convolutions with a residual connection, then data consistency."""

    def __init__(self, layers: int, features: int, planar: bool, activation: str,
                 negative_slope: float, initial_lambda: float | None):
        super().__init__()
        widths = [2] + [features] * (layers - 1) + [2]
        convolution = nn.Conv2d if planar else nn.Conv3d
        self.convolutions = nn.ModuleList(
            convolution(widths[i], widths[i + 1], 3, padding=1) for i in range(layers)
        )
        self.consistency = DataConsistency(initial_lambda)
        self.planar = planar
        self.negative_slope = negative_slope if activation == "leaky_relu" else 0.0

    def residual(self, image: torch.Tensor) -> torch.Tensor:
        """The block's change of `image` [N, 2, z, y, x]: all x of all examples are one batch of planes [N x, features, z, y].

        A 3x3x3 convolution is the sum of three 3x3 convolutions of planes, one per readout tap: on a CPU their gradients are
        more than twice as fast as those of a 3D convolution. On a single plane only the readout's centre tap meets anything.
        """
        number, _, z, y, x = image.shape
        planes = image.permute(0, 4, 2, 3, 1).reshape(number * x, z, y, 2)
        for index, convolution in enumerate(self.convolutions):
            planes = self.convolve(planes, convolution, x)
            if index + 1 < len(self.convolutions):
                planes = functional.leaky_relu(planes, self.negative_slope)
        return planes.reshape(number, x, z, y, 2).permute(0, 4, 2, 3, 1)

    def convolve(self, planes: torch.Tensor, convolution: nn.Module, x: int) -> torch.Tensor:
        """[N x, z, y, features in] to [N x, z, y, features out]; features lie innermost in memory."""
        def convolve2d(taken, kernel, bias=None):
            return functional.conv2d(taken.permute(0, 3, 1, 2), kernel, bias, padding=1).permute(0, 2, 3, 1)

        if self.planar:
            return convolve2d(planes, convolution.weight, convolution.bias)
        result = convolve2d(planes, convolution.weight[..., 1], convolution.bias)
        if x == 1:
            return result
        _, z, y, features = planes.shape
        volumes = functional.pad(planes.reshape(-1, x, z, y, features), (0, 0, 0, 0, 0, 0, 1, 1))
        for tap in (0, 2):
            neighbours = volumes[:, tap : tap + x].reshape(-1, z, y, features)
            result = result + convolve2d(neighbours, convolution.weight[..., tap])
        return result

    def forward(self, image, measured, mask, bfloat16=False):
        with torch.autocast("cpu" if image.device.type == "cpu" else "cuda",
                            dtype=torch.bfloat16, enabled=bfloat16):
            change = self.residual(image)
        return self.consistency(image + change.to(image.dtype), measured, mask)


class ReconNet3D(nn.Module):
    """The cascade. With `planar`, 3x3 kernels on single planes (x = 1): a pre-training stage whose
    weights `inflated` puts at the readout centre of 3x3x3 kernels."""

    def __init__(self, features: int = 32, blocks: int = 5, layers: int = 5, planar: bool = False,
                 activation: str = "leaky_relu", negative_slope: float = 0.01,
                 initial_lambda: float | None = None):
        super().__init__()
        self.configuration = dict(features=features, blocks=blocks, layers=layers, planar=planar,
                                  activation=activation, negative_slope=negative_slope)
        self.blocks = nn.ModuleList(
            Block(layers, features, planar, activation, negative_slope, initial_lambda)
            for _ in range(blocks)
        )

    def initialize(self, seed: int) -> "ReconNet3D":
        """He initialisation; the last convolution of each block starts small, so that each block starts
        near the identity."""
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for block in self.blocks:
                for index, convolution in enumerate(block.convolutions):
                    fan_in = convolution.weight[0].numel()
                    last = index + 1 == len(block.convolutions)
                    deviation = (2 / fan_in) ** 0.5 * (0.1 if last else 1.0)
                    convolution.weight.copy_(torch.randn(convolution.weight.shape, generator=generator) * deviation)
                    convolution.bias.zero_()
        return self

    def forward(self, measured: torch.Tensor, mask: torch.Tensor, bfloat16: bool = False) -> torch.Tensor:
        """Image [N, 2, z, y, x] from normalised k-space [N, z, y, x] (complex, x transformed)."""
        measured = measured * mask
        image = as_channels(adjoint_transform(measured))
        for block in self.blocks:
            image = block(image, measured, mask, bfloat16)
        return image

    def inflated(self) -> "ReconNet3D":
        """The 3x3x3 network that acts on every x plane as this planar one."""
        assert self.configuration["planar"]
        has_lambda = self.blocks[0].consistency.weight is not None
        result = ReconNet3D(**{**self.configuration, "planar": False}, initial_lambda=1.0 if has_lambda else None)
        state = {}
        for name, value in self.state_dict().items():
            if value.dim() == 4:
                value = functional.pad(value.unsqueeze(-1), (1, 1))
            state[name] = value
        result.load_state_dict(state)
        return result


def quantile_scale(zero_filled: torch.Tensor, quantile: float = 0.99) -> torch.Tensor:
    """0.99 quantile (linear interpolation) of the magnitude over each whole volume of [N, z, y, x]; 1 where silent."""
    magnitude = zero_filled.abs().flatten(1)
    position = quantile * (magnitude.shape[1] - 1)
    lower = int(position)
    ordered = magnitude.sort(dim=1).values
    upper = min(lower + 1, magnitude.shape[1] - 1)
    scale = ordered[:, lower] + (position - lower) * (ordered[:, upper] - ordered[:, lower])
    return torch.where(scale > 0, scale, torch.ones_like(scale))


@torch.no_grad()
def reconstruct(network: ReconNet3D, measured: torch.Tensor, mask: torch.Tensor, bfloat16: bool = False) -> torch.Tensor:
    """Images [N, z, y, x] (complex) of k-space [N, z, y, x] in any units: normalises, runs, multiplies back."""
    measured = measured * mask
    scale = quantile_scale(adjoint_transform(measured))[:, None, None, None]
    return as_complex(network(measured / scale, mask, bfloat16)) * scale
