"""Trains ReconNet3D: first on single planes with 3x3 kernels, then in 3D from the inflated weights.

    python train.py --run RUN --library LIBRARY --masks POOL --validation-library V --validation-masks W
                    --stage planar --minutes 30
    python train.py --run RUN ... --stage volume --minutes 40 --from RUN/planar.pt

The learning rate follows elapsed time: warm-up, then a cosine that ends with the minutes. Running the same command
again resumes from the last checkpoint of its stage.
"""
from __future__ import annotations

import argparse
import json
import os
import time

import numpy as np
import torch

from data import Examples
from model import ReconNet3D, as_channels, as_complex
from phase import phase_loss


def errors(output: torch.Tensor, target: torch.Tensor, threshold: float = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Per example: relative L2 error (NRMSE) and relative L1 error, where the target is brighter than the threshold."""
    inside = target.square().sum(1, keepdim=True) >= threshold * threshold
    difference = (inside * (output - target)).square().sum(1).flatten(1)
    size = target.square().sum(1).flatten(1)
    relative2 = (difference.sum(1) / size.sum(1)).sqrt()
    relative1 = (difference + 1e-8).sqrt().sum(1) / size.sqrt().sum(1)
    return relative2, relative1


def thickness(stage: str, rng: np.random.Generator) -> int:
    """Readout positions of a step's slabs. A single plane costs a third (see `Block.residual`), so that many are worth it."""
    return 1 if stage == "planar" else int(rng.choice([1, 2, 4, 8, 16], p=[0.4, 0.05, 0.15, 0.25, 0.15]))


@torch.no_grad()
def validate(network, batches, bfloat16) -> tuple[float, float]:
    """NRMSE, and the slope of the fine phase."""
    found = []
    for measured, mask, target, truth in batches:
        output = network(measured, mask, bfloat16)
        found.append((errors(output, as_channels(target))[0].mean().item(), phase_loss(as_complex(output), truth)[1]))
    return tuple(float(value) for value in np.mean(found, axis=0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--masks", required=True)
    parser.add_argument("--validation-library", required=True)
    parser.add_argument("--validation-masks", required=True)
    parser.add_argument("--stage", choices=["planar", "volume"], required=True)
    parser.add_argument("--from", dest="start", help="checkpoint, of a planar or volume stage, to start from")
    parser.add_argument("--weights", help="weight file to start from")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--features", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--final-rate", type=float, default=1e-5)
    parser.add_argument("--voxels", type=int, default=32000, help="voxels per step")
    parser.add_argument("--largest-plane", type=int, default=45000)
    parser.add_argument("--kept-noise", type=float, default=0.75)
    parser.add_argument("--phase", type=float, default=0, help="the weight of missing fine phase")
    parser.add_argument("--inside", type=float, default=0, help="errors count where the target is brighter than this")
    parser.add_argument("--signal-to-noise", type=float, nargs=2, default=(6, 150), metavar=("LOW", "HIGH"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--float32", action="store_true")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    os.makedirs(options.run, exist_ok=True)
    bfloat16 = not options.float32
    device = torch.device(options.device)

    network = ReconNet3D(options.features, planar=options.stage == "planar", initial_lambda=3.0).initialize(options.seed)
    facts = {"seed": options.seed, "planar_steps": 0, "volume_steps": 0}
    if options.start:
        checkpoint = torch.load(options.start, map_location="cpu", weights_only=True)
        earlier = ReconNet3D(**checkpoint["configuration"], initial_lambda=1.0)
        earlier.load_state_dict(checkpoint["average"])
        network = earlier.inflated() if earlier.configuration["planar"] and options.stage == "volume" else earlier
        facts = checkpoint["facts"]
    if options.weights:
        from export import load_network, read_safetensors
        network = load_network(options.weights)
        earlier_facts = read_safetensors(options.weights)[1]
        facts |= {name: int(earlier_facts.get(name, 0)) for name in ("planar_steps", "volume_steps")}
    layout = torch.channels_last if network.configuration["planar"] else torch.channels_last_3d
    network = network.to(device=device, memory_format=layout)
    average = {name: value.detach().clone() for name, value in network.state_dict().items()}

    lambdas = [p for name, p in network.named_parameters() if name.endswith("consistency.weight")]
    kernels = [p for name, p in network.named_parameters() if not name.endswith("consistency.weight")]
    optimizer = torch.optim.Adam(
        [{"params": kernels, "factor": 1.0}, {"params": lambdas, "factor": 10.0}], lr=options.rate, betas=(0.9, 0.99))

    noise = options.kept_noise, tuple(options.signal_to_noise)
    examples = Examples(options.library, options.masks, options.seed, *noise)
    held_out = Examples(options.validation_library, options.validation_masks, 10_000 + options.seed, *noise)
    slices = 1 if options.stage == "planar" else 4
    validation = [held_out.batch(12000, slices, 13000) for _ in range(16)]
    validation = [tuple(t.to(device) for t in batch) for batch in validation]

    path = os.path.join(options.run, options.stage + ".pt")
    log_path = os.path.join(options.run, options.stage + ".jsonl")
    elapsed_before, step, rng = 0.0, 0, np.random.default_rng(options.seed + 77)
    if os.path.exists(path):
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(checkpoint["network"])
        average = {name: value.to(device) for name, value in checkpoint["average"].items()}
        optimizer.load_state_dict(checkpoint["optimizer"])
        elapsed_before, step, facts = checkpoint["elapsed"], checkpoint["step"], checkpoint["facts"]
        # A resumed run draws new examples rather than the first ones again.
        examples.rng = np.random.default_rng([options.seed, step])
        rng = np.random.default_rng([options.seed + 77, step])

    steps_before = facts[options.stage + "_steps"] - step
    began, total = time.time(), options.minutes * 60
    losses, last_report, last_save = [], time.time(), time.time()

    def save(elapsed: float) -> None:
        facts[options.stage + "_steps"] = steps_before + step
        torch.save({"network": network.state_dict(), "average": average, "optimizer": optimizer.state_dict(),
                    "elapsed": elapsed, "step": step, "facts": facts, "has_lambda": True,
                    "configuration": network.configuration}, path + ".part")
        os.replace(path + ".part", path)

    while True:
        elapsed = elapsed_before + time.time() - began
        if elapsed >= total:
            break
        done = elapsed / total
        warm = min(1.0, (step + 1) / 100)
        rate = warm * float(options.final_rate + (options.rate - options.final_rate) * 0.5 * (1 + np.cos(np.pi * done)))
        for group in optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        slices = thickness(options.stage, rng)
        voxels = options.voxels * (2 if options.stage == "volume" and slices == 1 else 1)
        measured, mask, target, truth = (t.to(device) for t in examples.batch(voxels, slices, options.largest_plane))
        output = network(measured, mask, bfloat16)
        relative2, relative1 = errors(output, as_channels(target), options.inside)
        loss = (relative2 + 0.5 * relative1).mean()
        if options.phase > 0:
            loss = loss + options.phase * phase_loss(as_complex(output), truth)[0]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        if not torch.isfinite(norm):
            continue
        optimizer.step()
        step += 1
        keep = min(0.998, 1 - 1 / (1 + step / 10))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                average[name].lerp_(value, 1 - keep)
        losses.append(relative2.mean().item())
        if time.time() - last_report > 60:
            network.eval()
            current = {name: value.detach().clone() for name, value in network.state_dict().items()}
            network.load_state_dict(average)
            score, slope = validate(network, validation, bfloat16)
            network.load_state_dict(current)
            network.train()
            record = {"stage": options.stage, "step": step, "minutes": round(elapsed / 60, 2), "rate": rate,
                      "training_nrmse": float(np.mean(losses)), "validation_nrmse": score, "validation_slope": slope,
                      "gradient_norm": norm.item(), "volumes": examples.refresh(),
                      "lambda": [round(p.item(), 3) for p in lambdas]}
            with open(log_path, "a") as log:
                log.write(json.dumps(record) + "\n")
            print(record, flush=True)
            losses, last_report = [], time.time()
            if time.time() - last_save > 120:
                save(elapsed_before + time.time() - began)
                last_save = time.time()
    save(total)


if __name__ == "__main__":
    main()
