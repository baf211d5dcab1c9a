"""Golden numbers for the inference code: small random networks, inputs and outputs.

    python golden.py OUTPUT_FOLDER

Writes `tiny_noiseless.safetensors`, `tiny_lambda.safetensors`, `tiny_relu.safetensors` and one .npz
per network and shape: `kspace` [z, y, x] complex64 (readout transformed, zero off the mask), `mask` [z, y] uint8,
`output32` complex64, `output64` complex128 (same float32 weights, double arithmetic), `scale` float64,
`block{b}` complex128: the normalised image after every block's data consistency.
"""
from __future__ import annotations

import os
import sys

import numpy as np
import torch

from export import save_network
from model import ReconNet3D, adjoint_transform, as_channels, as_complex, quantile_scale, reconstruct

SHAPES = [(12, 10, 8), (9, 11, 7), (13, 16, 1), (1, 24, 5), (15, 8, 2), (48, 40, 6)]


def write_cases(folder: str, name: str, network: ReconNet3D, generator: np.random.Generator) -> None:
    for shape in SHAPES:
        z, y, x = shape
        image = generator.normal(size=shape) + 1j * generator.normal(size=shape)
        image *= np.exp(-((np.arange(y)[None, :, None] - y / 2) / (y / 3)) ** 2)
        mask = generator.random((z, y)) < 0.35
        mask[z // 2, y // 2 - 1 : y // 2 + 2] = True
        centred = dict(axes=(0, 1))
        kspace = np.fft.fftshift(
            np.fft.fft2(np.fft.ifftshift(image, **centred), norm="ortho", **centred), **centred)
        kspace = (kspace * mask[:, :, None] * 37.5).astype(np.complex64)
        inputs = torch.from_numpy(kspace)[None], torch.from_numpy(mask.astype(np.float32))[None, :, :, None]
        output32 = reconstruct(network.float(), *inputs)[0].numpy()
        measured, support = inputs[0].to(torch.complex128), inputs[1].double()
        network.double()
        output64 = reconstruct(network, measured, support)[0].numpy()
        scale = quantile_scale(adjoint_transform(measured))
        measured = measured / scale
        current, stages = as_channels(adjoint_transform(measured)), {}
        with torch.no_grad():
            for index, block in enumerate(network.blocks):
                current = block(current, measured, support)
                stages[f"block{index}"] = as_complex(current)[0].numpy()
        network.float()
        np.savez(os.path.join(folder, f"{name}_{z}x{y}x{x}.npz"), kspace=kspace, mask=mask.astype(np.uint8),
                 output32=output32, output64=output64, scale=scale.numpy(), **stages)
        error = np.linalg.norm(output32 - output64) / np.linalg.norm(output64)
        print(f"{name} {shape}: float32 against float64 {error:.1e}")


def main() -> None:
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    generator = np.random.default_rng(20)
    for name, options in {
        "tiny_noiseless": dict(initial_lambda=None),
        "tiny_lambda": dict(initial_lambda=0.75),
        "tiny_relu": dict(initial_lambda=None, activation="relu", negative_slope=0.0),
    }.items():
        network = ReconNet3D(features=8, **options).initialize(seed=3)
        with torch.no_grad():
            noise = torch.Generator().manual_seed(4)
            for index, block in enumerate(network.blocks):
                for convolution in block.convolutions:
                    convolution.bias.copy_(0.1 * torch.randn(convolution.bias.shape, generator=noise))
                block.convolutions[-1].weight.mul_(4)
                if block.consistency.weight is not None:
                    block.consistency.weight.mul_(1 + index)
        save_network(os.path.join(folder, name + ".safetensors"), network, {"training": "random, for tests only"})
        write_cases(folder, name, network, generator)


if __name__ == "__main__":
    main()
