"""Trains the inversion on fields of random susceptibility.

    python train.py --library LIBRARY --validation LIBRARY --checkpoint FILE --minutes 90

Checkpoints are written every two minutes and at the end, with a line in FILE.jsonl; a run that finds one goes on from it. The step size falls
with a cosine over all minutes, those of earlier runs included.
"""
from __future__ import annotations

import argparse
import functools
import json
import math
import os
import time
from collections.abc import Callable, Iterable

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch.utils.data import DataLoader, IterableDataset, default_collate

from fields import Fields
from model import LearnedInversion
from simulate import Simulator


class Stream(IterableDataset):
    """What a source draws, made in a process of its own from a seed of its own."""

    def __init__(self, source: Callable[[int], Iterable], seed: int):
        self.source, self.seed = source, seed

    def __iter__(self):
        torch.set_num_threads(1)
        worker = torch.utils.data.get_worker_info()
        return iter(self.source(self.seed + (worker.id if worker else 0)))


def exported(path: str) -> dict[str, torch.Tensor]:
    """The weights that `export.py` wrote, as a state."""
    model = onnx.load(path)
    state = {"prior." + values.name: torch.from_numpy(numpy_helper.to_array(values).copy()) for values in model.graph.initializer}
    use = json.loads(next(entry.value for entry in model.metadata_props if entry.key == "kspace"))["Prior"]
    for name, values in [("a", use["LogWeights"]), ("b", use["NoiseExponents"])]:
        state[name] = torch.tensor(values + values[-1:] * (8 - len(values)))
    return state


def demeaned(volume: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    mean = (volume * mask).sum((1, 2, 3), keepdim=True) / mask.sum((1, 2, 3), keepdim=True)
    return (volume - mean) * mask


def relative(difference: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """The root mean square of a difference over that of the truth."""
    return ((difference**2).sum((1, 2, 3)) / (truth**2).sum((1, 2, 3))).sqrt()


def errors(estimate: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """The root mean square of the demeaned error over that of the truth."""
    truth = demeaned(batch["chi"], batch["mask"])
    return relative(demeaned(estimate, batch["mask"]) - truth, truth)


def loss(results: list[torch.Tensor], batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """The root mean square error of every iteration, and of the last one the mean magnitude and that of differences as well."""
    mask = batch["mask"]
    truth = demeaned(batch["chi"], mask)
    total = 0.0
    for number, result in enumerate(results):
        difference = demeaned(result, mask) - truth
        value = relative(difference, truth)
        if number == len(results) - 1:
            value = value + 0.5 * difference.abs().sum((1, 2, 3)) / truth.abs().sum((1, 2, 3))
            for axis in (1, 2, 3):
                steps = mask.narrow(axis, 1, mask.shape[axis] - 1) * mask.narrow(axis, 0, mask.shape[axis] - 1)
                error = (difference.diff(dim=axis).abs() * steps).sum((1, 2, 3)) / (truth.diff(dim=axis).abs() * steps).sum((1, 2, 3))
                value = value + 0.1 * error
        total = total + (1.0 if number == len(results) - 1 else 0.15) * value.clamp(max=10).mean()
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", required=True)
    parser.add_argument("--validation", required=True)
    parser.add_argument("--fields", help="what `fields.py` made; every other step is one of them")
    parser.add_argument("--held-out-fields", help="the same for the validation")
    parser.add_argument("--start", help="an exported network to start from")
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--minutes", type=float, default=90, help="of all runs together")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--extent", type=int, default=48, help="voxels along each side of a measurement, a multiple of 4")
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that simulate")
    parser.add_argument("--checkpoint-minutes", type=float, default=2)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    network = LearnedInversion(arguments.iterations).to(arguments.device)
    average = LearnedInversion(arguments.iterations).to(arguments.device)
    placed = lambda batch: {name: values.to(arguments.device, non_blocking=True) for name, values in batch.items()}
    if arguments.start:
        network.load_state_dict(exported(arguments.start))
    average.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), lr=arguments.rate, weight_decay=1e-4)
    step, spent = 0, 0.0
    if os.path.exists(arguments.checkpoint):
        state = torch.load(arguments.checkpoint, map_location=arguments.device, weights_only=False)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]

    validation = Simulator(arguments.validation, 99)
    held_out = [placed(default_collate([validation.draw()])) for _ in range(24)]
    removed = []
    if arguments.held_out_fields:
        source = Fields(arguments.held_out_fields, 99)
        removed = [placed(default_collate([source.draw()])) for _ in range(24)]

    def stream(source: Callable[[int], Iterable], batch: int) -> Iterable:
        return iter(DataLoader(Stream(source, arguments.seed * 100000 + step), batch_size=batch, num_workers=arguments.workers, prefetch_factor=4))

    streams = [stream(functools.partial(Simulator, arguments.library, extent=arguments.extent), arguments.batch)]
    if arguments.fields:
        streams.append(stream(functools.partial(Fields, arguments.fields), max(arguments.batch // 2, 1)))

    def save() -> None:
        state = {"network": network.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "spent": spent}
        torch.save(state, arguments.checkpoint + ".part")
        os.replace(arguments.checkpoint + ".part", arguments.checkpoint)

    begun, saved, recent = time.time(), time.time(), []
    while spent < arguments.minutes:
        part = spent / arguments.minutes
        for group in optimizer.param_groups:
            group["lr"] = arguments.rate * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * part)) + 1e-5
        batch = placed(next(streams[step % len(streams)]))
        value = loss(network(batch), batch)
        optimizer.zero_grad()
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        if torch.isfinite(norm):
            optimizer.step()
        keep = min(0.998, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, current in zip(average.parameters(), network.parameters()):
                mean.lerp_(current, 1 - keep)
        recent.append(float(value.detach()))
        step += 1
        # A process that was halted has not trained meanwhile.
        spent, begun = spent + min(time.time() - begun, 60) / 60, time.time()
        if time.time() - saved > 60 * arguments.checkpoint_minutes:
            saved = time.time()
            save()
            with torch.no_grad():
                scores, others = [[[float(errors(x, batch)) for x in average(batch)] for batch in set] for set in (held_out, removed)]
            row = {"step": step, "minutes": round(spent, 1), "loss": round(float(np.mean(recent)), 4), "validation": np.round(np.median(scores, 0), 4).tolist(),
                   "mean": np.round(np.mean(scores, 0), 4).tolist()}
            if others:
                row["fields"] = np.round(np.mean(others, 0), 4).tolist()
            recent = []
            print(json.dumps(row), flush=True)
            with open(arguments.checkpoint + ".jsonl", "a") as file:
                file.write(json.dumps(row) + "\n")
    save()


if __name__ == "__main__":
    main()
