"""Trains ReconNetSENSE: the image of all channels of a random receive array, one slab of a few planes at every step.

    python train_sense.py --run RUN --library LIBRARY --masks POOL --validation-library V --validation-masks W
                          --weights ../Resources/reconnet_sense.safetensors --minutes 60

The same command again resumes from the last checkpoint. The learning rate follows elapsed time: warm-up, then a cosine that ends with
the minutes. `--coils FILE` adds arrays whose Fourier coefficients an .npz file holds ([channel, 5, 5, 5], any name) to loops around the head.
"""
from __future__ import annotations

import argparse
import json
import os
import time

import numpy as np
import torch

from coils import loops, measured, unit
from data import Examples, sensitivity
from export import read_safetensors, save_network
from model import transform
from phase import phase_loss
from sense import ReconNetSENSE


class SENSEExamples(Examples):
    """One slab at a time: samples of all channels, maps as they might be estimated, mask, true image, noise."""

    def __init__(self, *arguments, coefficients: list[np.ndarray] = (), voxels: int = 24000, **keywords):
        super().__init__(*arguments, **keywords)
        self.coefficients = list(coefficients)
        self.voxels = voxels

    def array(self, shape: tuple[int, int, int]) -> np.ndarray:
        rng = self.rng
        channels = int(rng.choice([4, 6, 8, 8, 12]))
        choice = rng.integers(2 * len(self.coefficients) + 1) if self.coefficients else 0
        if choice == 0:
            return loops(rng, shape, channels)
        return measured(rng, shape, channels, self.coefficients[choice % len(self.coefficients)])

    def draw(self):
        rng = self.rng
        while True:
            extent = self.extents[rng.integers(len(self.extents))]
            path, x = self.volumes[extent][rng.integers(len(self.volumes[extent]))]
            thickness = int(min(x, 4, max(1, self.voxels // (extent[0] * extent[1]))))
            volume = np.load(path, mmap_mode="r")
            start = rng.integers(volume.shape[2] - thickness + 1)
            image = np.array(volume[:, :, start : start + thickness])
            scale = np.quantile(np.abs(image), 0.99)
            if scale > 1e-6:
                break
        for axis in range(3):
            if rng.random() < 0.5:
                image = np.flip(image, axis)
        if rng.random() < 0.5:
            image = image.conj()
        image = torch.from_numpy(np.ascontiguousarray(image / scale).astype(np.complex64))[None]
        maps = self.array(tuple(image.shape[1:]))
        # Estimated maps are wrong by a few percent, smoothly.
        wrong = np.stack([sensitivity(rng, image.shape[1:]) for _ in maps])
        estimated = unit(maps + rng.uniform(0, 0.03) * wrong / np.sqrt((np.abs(wrong) ** 2).mean()))
        pool = self.masks[extent]
        mask = torch.from_numpy(np.array(pool[rng.integers(len(pool))]).astype(np.float32))[None, :, :, None]
        noise = float(1 / np.exp(rng.uniform(*np.log(self.signal_to_noise))))
        samples = transform(torch.from_numpy(maps) * image)
        deviation = torch.from_numpy(rng.standard_normal((*samples.shape, 2), dtype=np.float32))
        samples = mask * (samples + noise * torch.view_as_complex(deviation))
        return samples, torch.from_numpy(estimated), mask, image, noise


def errors(image: torch.Tensor, truth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Relative L2 and L1 errors inside the object."""
    inside = truth.abs() > 0.04
    difference = inside * (image - truth).abs().square()
    return ((difference.sum() / truth.abs().square().sum()).sqrt(),
            (difference + 1e-8).sqrt().sum() / truth.abs().sum())


@torch.no_grad()
def validate(network, examples, bfloat16) -> dict[str, float]:
    found = []
    for samples, maps, mask, truth, noise in examples:
        image = network(samples, maps, mask, noise, bfloat16)
        found.append((errors(image, truth)[0].item(), phase_loss(image, truth)[1]))
    return {"nrmse": float(np.mean([f[0] for f in found])), "slope": float(np.mean([f[1] for f in found]))}


def start(path: str) -> ReconNetSENSE:
    """A network from a weight file of its own kind, or of ReconNet3D's."""
    tensors, metadata = read_safetensors(path)
    network = ReconNetSENSE(int(metadata["features"]), int(metadata["blocks"]), int(metadata["layers"]),
                            float(metadata["negative_slope"]))
    state = network.state_dict()
    for name, value in tensors.items():
        if tuple(value.shape) == tuple(state[name].shape):
            state[name] = torch.from_numpy(value)
    network.load_state_dict(state)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--masks", required=True)
    parser.add_argument("--validation-library", required=True)
    parser.add_argument("--validation-masks", required=True)
    parser.add_argument("--weights", help="weight file to start from, of this network or of ReconNet3D")
    parser.add_argument("--coils", nargs="*", default=[], help="Fourier coefficients of measured arrays (.npz)")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--phase", type=float, default=0.2, help="the weight of missing fine phase")
    parser.add_argument("--voxels", type=int, default=24000, help="voxels per step")
    parser.add_argument("--signal-to-noise", type=float, nargs=2, default=(15, 300), metavar=("LOW", "HIGH"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--validation", type=int, default=16, help="examples")
    parser.add_argument("--checkpoint-minutes", type=float, default=5)
    parser.add_argument("--float32", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--features", type=int, help="a network of this width from the start, instead of --weights")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    os.makedirs(options.run, exist_ok=True)
    bfloat16 = not options.float32
    coefficients = [array for path in options.coils for array in np.load(path).values() if array.ndim == 4]

    device = torch.device(options.device)
    network = (ReconNetSENSE(options.features).initialize(options.seed) if options.features else start(options.weights)).to(device)
    average = {name: value.detach().clone() for name, value in network.state_dict().items()}
    weights = [p for name, p in network.named_parameters() if name.endswith("consistency.weight")]
    kernels = [p for name, p in network.named_parameters() if not name.endswith("consistency.weight")]
    optimizer = torch.optim.Adam([{"params": kernels, "factor": 1.0}, {"params": weights, "factor": 30.0}],
                                 lr=options.rate, betas=(0.9, 0.99))
    keywords = dict(coefficients=coefficients, voxels=options.voxels)
    examples = SENSEExamples(options.library, options.masks, options.seed, 1.0, tuple(options.signal_to_noise), **keywords)
    held_out = SENSEExamples(options.validation_library, options.validation_masks, 10_007, 1.0, tuple(options.signal_to_noise), **keywords)
    def placed(example):
        return tuple(part.to(device) if torch.is_tensor(part) else part for part in example)

    validation = [placed(held_out.draw()) for _ in range(options.validation)]

    path, log = os.path.join(options.run, "sense.pt"), os.path.join(options.run, "sense.jsonl")
    elapsed_before, step = 0.0, 0
    if os.path.exists(path):
        checkpoint = torch.load(path, map_location=device, weights_only=True)
        network.load_state_dict(checkpoint["network"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        average, elapsed_before, step = checkpoint["average"], checkpoint["elapsed"], checkpoint["step"]
        examples.rng = np.random.default_rng(options.seed + step)
    begin = saved = time.time()

    def record(final: bool) -> None:
        current = {name: value.clone() for name, value in network.state_dict().items()}
        network.load_state_dict(average)
        found = validate(network, validation, bfloat16)
        save_network(os.path.join(options.run, "reconnet_sense.safetensors"), network, {
            "architecture": "ReconNetSENSE", "scale": "quantile 0.99 of the backprojected magnitude",
            "steps": str(step), "seed": str(options.seed)})
        network.load_state_dict(current)
        elapsed = elapsed_before + time.time() - begin
        torch.save(dict(network=network.state_dict(), average=average, optimizer=optimizer.state_dict(),
                        elapsed=elapsed, step=step), path + ".part")
        os.replace(path + ".part", path)
        line = dict(step=step, minutes=round(elapsed / 60, 1), cpu=round(time.process_time()), **found,
                    weights=[[round(v, 2) for v in w.tolist()] for w in weights])
        with open(log, "a") as file:
            file.write(json.dumps(line) + "\n")
        print(line, flush=True)

    record(False)
    while (done := (elapsed_before + time.time() - begin) / (60 * options.minutes)) < 1:
        rate = options.rate * min(1, (step + 1) / 50) * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * done)))
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        samples, maps, mask, truth, noise = placed(examples.draw())
        image = network(samples, maps, mask, noise, bfloat16)
        relative2, relative1 = errors(image, truth)
        loss = relative2 + 0.5 * relative1 + options.phase * phase_loss(image, truth)[0]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(kernels + weights, 1.0)
        optimizer.step()
        step += 1
        keep = min(0.995, 1 - 1 / (1 + step / 5))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        if time.time() - saved > 60 * options.checkpoint_minutes:
            saved = time.time()
            record(False)
            examples.refresh()
    record(True)


if __name__ == "__main__":
    main()
