"""Golden numbers for ReconNetSENSE: a small random network, scans of several channels, their images in double precision.

    python golden_sense.py OUTPUT_FOLDER

Writes `sense_weights.safetensors`, and `sense_cases.safetensors` with, per shape `ZxYxX`: `samples` [channel, z, y, x, 2] (zero off the
mask, the readout transformed), `maps` alike, `mask` [z, y], `noise` [1] and `image` [z, y, x, 2].
"""
from __future__ import annotations

import os
import sys

import numpy as np
import torch

from export import save_network, write_safetensors
from model import transform
from sense import ReconNetSENSE

SHAPES = [(9, 11, 7), (13, 16, 1), (6, 20, 3)]


def main() -> None:
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(8)
    network = ReconNetSENSE(features=8)
    with torch.no_grad():
        for index, block in enumerate(network.blocks):
            for convolution in block.convolutions:
                convolution.weight.mul_(1.6)
                convolution.bias.normal_(0, 0.1)
            block.consistency.weight.copy_(torch.tensor([0.5 * index - 1.0, 0.8 + 0.1 * index]))
    save_network(os.path.join(folder, "sense_weights.safetensors"), network, {
        "architecture": "ReconNetSENSE", "training": "random, for tests only"})
    generator = np.random.default_rng(21)
    network.double()
    tensors: dict[str, np.ndarray] = {}
    for shape in SHAPES:
        z, y, x = shape
        def random(*extents):
            return generator.normal(size=extents) + 1j * generator.normal(size=extents)
        maps = random(4, 3, 3, 1)[:, :, :, :] * 0.4 + 1
        maps = np.stack([np.kron(m, np.ones((-(-z // 3), -(-y // 3), x)))[:z, :y] for m in maps])
        maps = (maps / np.sqrt((np.abs(maps) ** 2).sum(0))).astype(np.complex64)
        mask = generator.random((z, y)) < 0.4
        mask[z // 2, y // 2 - 1 : y // 2 + 2] = True
        image = random(*shape)
        image *= np.exp(-((np.arange(y)[None, :, None] - y / 2) / (y / 3)) ** 2)
        noise = 0.9
        samples = transform(torch.from_numpy(maps * image[None])).numpy() + noise * random(4, *shape) / 37.5
        samples = (samples * mask[None, :, :, None] * 37.5).astype(np.complex64)
        with torch.no_grad():
            result = network(torch.from_numpy(samples).to(torch.complex128), torch.from_numpy(maps).to(torch.complex128),
                             torch.from_numpy(mask.astype(np.float64))[None, :, :, None], noise)[0].numpy()
        name = f"{z}x{y}x{x}"
        for key, value in {"samples": samples, "maps": maps, "image": result}.items():
            tensors[f"{name}/{key}"] = np.stack([value.real, value.imag], -1).astype(np.float32)
        tensors[f"{name}/mask"] = mask.astype(np.float32)
        tensors[f"{name}/noise"] = np.array([noise], np.float32)
    write_safetensors(os.path.join(folder, "sense_cases.safetensors"), tensors, {})


if __name__ == "__main__":
    main()
