"""Weight files: safetensors, float32, with the architecture in `__metadata__`.

    python export.py CHECKPOINT OUTPUT.safetensors
"""
from __future__ import annotations

import argparse
import json
import struct

import numpy as np
import torch

from model import ReconNet3D


def write_safetensors(path: str, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """8-byte little-endian header length, JSON header padded with spaces to 8 bytes, raw data."""
    header: dict[str, object] = {"__metadata__": metadata}
    offset = 0
    for name, tensor in tensors.items():
        count = tensor.size * 4
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + count]}
        offset += count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor, dtype="<f4").tobytes())


def read_safetensors(path: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"]).copy()
        for name, entry in header.items()
    }
    return tensors, metadata


def save_network(path: str, network: ReconNet3D, facts: dict[str, str] | None = None) -> None:
    """Writes a network (a planar one is inflated first) with its architecture and training facts."""
    if network.configuration["planar"]:
        network = network.inflated()
    configuration = network.configuration
    metadata = {
        "architecture": "ReconNet3D",
        "blocks": str(configuration["blocks"]),
        "layers": str(configuration["layers"]),
        "features": str(configuration["features"]),
        "activation": configuration["activation"],
        "negative_slope": str(configuration["negative_slope"]),
        "residual": "true",
        "scale": "quantile 0.99 of the zero-filled magnitude",
        **(facts or {}),
    }
    tensors = {name: value.detach().float().cpu().numpy() for name, value in network.state_dict().items()}
    for name in tensors:
        # A share of the data may not be negative; two numbers are the logarithm of one and an exponent.
        if name.endswith("consistency.weight") and tensors[name].size == 1:
            tensors[name] = np.maximum(tensors[name], 0)
    write_safetensors(path, tensors, metadata)


def load_network(path: str) -> ReconNet3D:
    tensors, metadata = read_safetensors(path)
    has_lambda = any(name.endswith("consistency.weight") for name in tensors)
    network = ReconNet3D(
        features=int(metadata["features"]), blocks=int(metadata["blocks"]), layers=int(metadata["layers"]),
        activation=metadata["activation"], negative_slope=float(metadata["negative_slope"]),
        initial_lambda=1.0 if has_lambda else None,
    )
    network.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("output")
    arguments = parser.parse_args()
    checkpoint = torch.load(arguments.checkpoint, map_location="cpu", weights_only=True)
    network = ReconNet3D(**checkpoint["configuration"], initial_lambda=1.0 if checkpoint["has_lambda"] else None)
    network.load_state_dict(checkpoint["average"])
    save_network(arguments.output, network, {key: str(value) for key, value in checkpoint["facts"].items()})


if __name__ == "__main__":
    main()
