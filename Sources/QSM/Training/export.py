"""Writes a trained network as ONNX, with what has to be known of it.

    python export.py CHECKPOINT ../Resources/unrolled.onnx
    python export.py --golden ../../../Tests/QSMTests/Goldens

The second one writes a small network with random weights and what an inversion by it gives: field, noise and mask, then susceptibility.
"""
from __future__ import annotations

import argparse
import json
import os

import numpy as np
import onnx
import torch

from model import CHANNELS, LearnedInversion, Prior
from simulate import dipole

# The sides of most voxels that are trained on [mm].
VOXEL_SIZES = [0.7, 4]


def save(path: str, network: LearnedInversion, name: str, version: str) -> None:
    """The prior as a graph, and how it takes turns with the data under the key `kspace`."""
    count = network.iterations + 1
    rounded = lambda values: [round(float(value), 6) for value in values[:count]]
    description = {
        "Name": name, "License": "Apache-2.0, with the toolkit", "Reference": f"KSpaceToolkit, Sources/QSM/Training, weights {version}",
        "Multiple": 4,
        "Prior": {"Iterations": network.iterations, "LogWeights": rounded(network.a), "NoiseExponents": rounded(network.b), "VoxelSizes": VOXEL_SIZES},
    }
    axes = {2: "z", 3: "y", 4: "x"}
    torch.onnx.export(
        network.prior.eval(), (torch.zeros(1, CHANNELS, 8, 8, 8),), path, input_names=["estimate"], output_names=["change"],
        dynamic_axes={"estimate": axes, "change": axes}, opset_version=17, dynamo=False)
    model = onnx.load(path)
    model.producer_name, model.producer_version = "KSpaceToolkit", ""
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = "kspace", json.dumps(description)
    onnx.save(model, path)


def golden(folder: str) -> None:
    """A field of odd extents whose static field lies along the last axis, and oblique."""
    torch.manual_seed(7)
    network = LearnedInversion(2)
    network.prior = Prior(3, 5, 6)
    with torch.no_grad():
        for parameter in network.prior.last.parameters():
            parameter.normal_(0, 0.1)
        network.a[:3] = torch.tensor([-1.5, -2.0, -2.5])
        network.b[:3] = torch.tensor([0.9, 1.0, 1.1])
    network.eval()
    rng = np.random.default_rng(8)
    shape, size, direction = (9, 11, 13), np.array([2.0, 0.9, 1.1]), np.array([0.1, -0.25, -1.0])
    direction /= np.linalg.norm(direction)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    mask = (grid**2).sum(0) < 0.9
    field = 0.01 * rng.standard_normal(shape) * mask
    noise = np.exp(rng.normal(np.log(0.02), 0.5, shape)) * mask
    inside = noise[mask].astype(np.float32)
    typical = float(np.sort(inside)[len(inside) // 2])
    trust = np.where(mask, np.minimum((typical / np.maximum(noise, 1e-9)) ** 2, 1), 0)
    # The network sees the static field along its first axis, upwards.
    order = (2, 0, 1)
    turned = lambda values: torch.from_numpy(np.ascontiguousarray(values.transpose(order)).astype(np.float32))[None]
    towards = -direction[list(order)]
    batch = {
        "field": turned(field), "mask": turned(mask), "trust": turned(trust), "deviation": torch.tensor([typical]),
        "dipole": dipole(tuple(shape[axis] for axis in order), size[list(order)], towards)[None],
        "size": torch.tensor(size[list(order)], dtype=torch.float32)[None], "direction": torch.tensor(towards, dtype=torch.float32)[None],
    }
    with torch.no_grad():
        chi = network(batch)[-1][0].numpy()
    chi = chi.transpose(np.argsort(order))
    chi = np.where(mask, chi - chi[mask].mean(), 0)
    save(os.path.join(folder, "prior.onnx"), network, "Random", "0")
    np.stack([field, noise, mask, chi]).astype("<f4").tofile(os.path.join(folder, "prior.bin"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?")
    parser.add_argument("output", nargs="?")
    parser.add_argument("--golden", metavar="FOLDER")
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--version", default="1")
    arguments = parser.parse_args()
    if arguments.golden:
        golden(arguments.golden)
    else:
        network = LearnedInversion(arguments.iterations)
        network.load_state_dict(torch.load(arguments.checkpoint, weights_only=False)["average"])
        save(arguments.output, network, "Unrolled", arguments.version)


if __name__ == "__main__":
    main()
