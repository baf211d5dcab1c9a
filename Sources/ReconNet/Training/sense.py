"""ReconNetSENSE in PyTorch: ReconNet3D's blocks on the image of all channels, each followed by consistency with all of them.

One echo at a time. The image is complex [1, z, y, x]; samples and maps are [channel, z, y, x] with (z, y) the
phase-encoding axes and x the readout, already transformed. Between two blocks the image is the solution of

    minimise   sum_c |M F s_c x - y_c|^2 + mu |x - z|^2        z: what the block made of the image before

by a few conjugate-gradient steps from z. `mu = exp(a + b log(sigma / q))` follows the noise: sigma is the standard deviation of
a sample's real part, q the scale by which images are normalised. Names of the parameters are those of the weight file:
`blocks.{b}.convolutions.{l}.weight`, `.bias`, and `blocks.{b}.consistency.weight`, which holds a and b.

Aggarwal et al., 2019, doi:10.1109/TMI.2018.2865356, for consistency by conjugate gradients.
"""
from __future__ import annotations

import math

import torch
from torch import nn

from model import Block, adjoint_transform, as_channels, as_complex, quantile_scale, transform

CONJUGATE_GRADIENT_STEPS = 5


def backprojected(samples: torch.Tensor, maps: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The adjoint of the encoding: [channel, z, y, x] to [1, z, y, x]."""
    return (maps.conj() * adjoint_transform(mask * samples)).sum(0, keepdim=True)


def consistent(prior, projection, maps, mask, weight, steps: int = CONJUGATE_GRADIENT_STEPS):
    """The image after `steps` conjugate-gradient steps from the prior, each readout position by itself."""
    def power_of(values):
        return values.sum((0, 1, 2), keepdim=True)

    def normal(image):
        return backprojected(transform(maps * image), maps, mask) + weight * image

    image = prior
    residual = projection + weight * prior - normal(image)
    direction, power = residual, power_of(residual.abs().square())
    for _ in range(steps):
        product = normal(direction)
        length = power / (power_of((direction.conj() * product).real) + 1e-20)
        image = image + length * direction
        residual = residual - length * product
        next_power = power_of(residual.abs().square())
        direction = residual + next_power / (power + 1e-20) * direction
        power = next_power
    return image


class ReconNetSENSE(nn.Module):
    """The cascade."""

    def __init__(self, features: int = 32, blocks: int = 5, layers: int = 5, negative_slope: float = 0.01):
        super().__init__()
        self.configuration = dict(features=features, blocks=blocks, layers=layers, planar=False,
                                  activation="leaky_relu", negative_slope=negative_slope)
        self.blocks = nn.ModuleList(
            Block(layers, features, False, "leaky_relu", negative_slope, 1.0) for _ in range(blocks))
        for block in self.blocks:
            # exp(a + b log(noise)): as strong as the noise's variance would have it at b = 2.
            block.consistency.weight = nn.Parameter(torch.tensor([0.0, 1.0]))

    def initialize(self, seed: int) -> "ReconNetSENSE":
        """He initialisation; every block starts near the identity."""
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for block in self.blocks:
                for index, convolution in enumerate(block.convolutions):
                    deviation = (2 / convolution.weight[0].numel()) ** 0.5 * (0.1 if index + 1 == len(block.convolutions) else 1)
                    convolution.weight.copy_(torch.randn(convolution.weight.shape, generator=generator) * deviation)
                    convolution.bias.zero_()
        return self

    def consistency_weight(self, block: int, relative_noise: float) -> torch.Tensor:
        offset, exponent = self.blocks[block].consistency.weight
        return (offset + exponent * math.log(relative_noise)).exp()

    def forward(self, samples, maps, mask, noise: float, bfloat16: bool = False) -> torch.Tensor:
        """Image [1, z, y, x] from samples in any units; `noise` is the deviation of a sample's real part in them."""
        projection = backprojected(samples, maps, mask)
        scale = float(quantile_scale(projection.detach())[0])
        projection = projection / scale
        # Without noise, samples are trusted as far as they were in training.
        relative = min(max(noise / scale, SMALLEST_NOISE), LARGEST_NOISE)
        image = projection
        for index, block in enumerate(self.blocks):
            with torch.autocast("cuda" if image.is_cuda else "cpu", dtype=torch.bfloat16, enabled=bfloat16):
                change = block.residual(as_channels(image))
            prior = image + as_complex(change.to(image.real.dtype))
            image = consistent(prior, projection, maps, mask, self.consistency_weight(index, relative))
        return image * scale


# The noise that training shows, relative to the bright voxels.
SMALLEST_NOISE, LARGEST_NOISE = 1 / 400, 1 / 10
