"""Compares a network with zero-filling and single-channel L1-wavelet on fully sampled MRD files.

    python evaluate.py FILE.h5 --weights W.safetensors --calibration 24x24 --kspace PATH/kspace -o results.json
                       [--reference NOISELESS.h5] [--l1-wavelet] [--figure FOLDER]

Masks are Poisson-disk masks of this project at each acceleration. The error is the per-channel NRMSE
||x - reference|| / ||reference|| over all voxels and slices of one channel and echo, averaged over them. The reference is the
fully sampled image of the same file, noise included, or a noiseless file of the same scan. The L1-wavelet
comparison is BART's `pics` with one unit sensitivity map; its lambda is the best of several on three channels.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile

import numpy as np
import torch

from export import load_network
from masks import poisson
from model import reconstruct
from mrd import read_mrd, transform_along

LAMBDAS = (0.002, 0.005, 0.01, 0.02)


def write_cfl(path: str, data: np.ndarray) -> None:
    """BART's format; `data` [z, y, x] becomes dimensions x, y, z."""
    with open(path + ".hdr", "w") as file:
        file.write("# Dimensions\n" + " ".join(str(n) for n in data.shape[::-1]) + " 1" * 13 + "\n")
    np.ascontiguousarray(data, dtype=np.complex64).tofile(path + ".cfl")


def l1_wavelet(hybrid: np.ndarray, mask: np.ndarray, weight: float) -> np.ndarray:
    """BART `pics -l1` of one channel [z, y, x] whose readout is transformed."""
    kspace = hybrid * mask[..., None]
    if hybrid.shape[2] > 1:
        kspace = transform_along(kspace, (2,), inverse=False)
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("kspace", "maps", "image")]
        write_cfl(paths[0], kspace)
        write_cfl(paths[1], np.ones_like(kspace))
        subprocess.run(["bart", "pics", "-S", "-i", "60", "-l1", "-r", str(weight), *paths], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
        image = np.fromfile(paths[2] + ".cfl", np.complex64).reshape(hybrid.shape)
    # `pics` returns the opposite sign where an extent is not a multiple of four.
    zero_filled = transform_along(hybrid * mask[..., None], (0, 1), inverse=True)
    return image * np.sign(np.vdot(zero_filled, image).real)


def nrmse(image: np.ndarray, reference: np.ndarray) -> float:
    return float(np.linalg.norm(image - reference) / np.linalg.norm(reference))


def network_images(network, hybrid: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """[echo, channel, z, y, x], one channel and echo at a time."""
    support = torch.from_numpy(mask.astype(np.float32))[None, :, :, None]
    result = np.empty_like(hybrid)
    for index in np.ndindex(hybrid.shape[:2]):
        result[index] = reconstruct(network, torch.from_numpy(hybrid[index])[None], support)[0].numpy()
    return result


def evaluate(hybrid, reference, network, masks, with_wavelet, report=print):
    """Results, the reference's images and the methods' images, by acceleration."""
    images = transform_along(reference, (2, 3), inverse=True).astype(np.complex64)
    indices = list(np.ndindex(hybrid.shape[:2]))
    results, kept = {}, {}
    for acceleration, mask in masks.items():
        outputs = {"zero_filled": transform_along(hybrid * mask[..., None], (2, 3), True).astype(np.complex64)}
        entry = {"samples": int(mask.sum()), "acceleration_grid": float(mask.size / mask.sum())}
        if network is not None:
            outputs["reconnet3d"] = network_images(network, hybrid, mask)
        if with_wavelet:
            tried = {(weight, i): l1_wavelet(hybrid[i], mask, weight)
                     for weight in LAMBDAS for i in indices[:: max(1, len(indices) // 3)][:3]}
            scores = {weight: np.mean([nrmse(image, images[i]) for (w, i), image in tried.items() if w == weight])
                      for weight in LAMBDAS}
            best = min(scores, key=scores.get)
            entry["l1_wavelet_lambda"] = best
            outputs["l1_wavelet"] = np.stack(
                [tried[best, i] if (best, i) in tried else l1_wavelet(hybrid[i], mask, best) for i in indices]).reshape(hybrid.shape)
        for name, output in outputs.items():
            values = [nrmse(output[i], images[i]) for i in indices]
            entry[name] = float(np.mean(values))
            entry[name + "_by_channel"] = [round(v, 5) for v in values]
            report(f"AF {acceleration}: {name} {entry[name]:.4f} (channels and echoes {min(values):.4f} to {max(values):.4f})")
        results[str(acceleration)] = entry
        kept[acceleration] = outputs
    return results, images, kept


def draw_figure(path: str, reference: np.ndarray, outputs: dict[str, np.ndarray], title: str) -> None:
    """Magnitude, phase and five-fold error of one plane [row, column] of each method."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plot
    from PIL import Image

    names = {"reference": "reference", "zero_filled": "zero-filled", "l1_wavelet": "L1-wavelet", "reconnet3d": "ReconNet3D"}
    columns = {"reference": reference, **outputs}
    top = np.quantile(np.abs(reference), 0.998)
    figure, axes = plot.subplots(3, len(columns), figsize=(2.6 * len(columns), 2.7 * 3 * reference.shape[0] / reference.shape[1] + 0.5))
    for column, (name, image) in enumerate(columns.items()):
        shown = [(np.abs(image), dict(cmap="gray", vmin=0, vmax=top)),
                 (np.where(np.abs(image) > 0.05 * top, np.angle(image), np.nan), dict(cmap="twilight", vmin=-np.pi, vmax=np.pi)),
                 (5 * np.abs(image - reference), dict(cmap="inferno", vmin=0, vmax=top))]
        for row, (values, options) in enumerate(shown):
            axes[row, column].imshow(values, origin="lower", interpolation="nearest", **options)
            axes[row, column].set_xticks([])
            axes[row, column].set_yticks([])
        shown_name = names.get(name, name)
        label = shown_name if name == "reference" else f"{shown_name}\nplane NRMSE {nrmse(image, reference):.3f}"
        axes[0, column].set_title(label, fontsize=8)
    for row, label in enumerate(["magnitude", "phase", "error x 5"]):
        axes[row, 0].set_ylabel(label, fontsize=8)
    figure.suptitle(title, fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=75)
    plot.close(figure)
    # A palette keeps the file small.
    Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--reference")
    parser.add_argument("--weights")
    parser.add_argument("--calibration", default="24x24", help="ky x kz")
    parser.add_argument("--accelerations", default="3,4,5")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--kspace", default="kspace")
    parser.add_argument("--l1-wavelet", action="store_true")
    parser.add_argument("--echoes", type=int, help="only the first echoes")
    parser.add_argument("--figure", help="folder for PNGs of the middle plane of the first channel")
    parser.add_argument("--channel", type=int, default=0, help="the channel of the figure")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("-o", "--output")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    hybrid = read_mrd(options.file)[: options.echoes]
    reference = read_mrd(options.reference)[: options.echoes] if options.reference else hybrid
    network = load_network(options.weights).to(memory_format=torch.channels_last_3d) if options.weights else None
    z, y = hybrid.shape[2:4]
    calibration = tuple(int(n) for n in options.calibration.split("x"))
    masks = {af: poisson(options.kspace, z, y, float(af), calibration, options.seed) for af in options.accelerations.split(",")}
    results, images, kept = evaluate(hybrid, reference, network, masks, options.l1_wavelet)
    name = os.path.splitext(os.path.basename(options.file))[0]
    if options.figure:
        os.makedirs(options.figure, exist_ok=True)
        middle = hybrid.shape[4] // 2
        for af, outputs in kept.items():
            planes = {key: value[0, options.channel, :, :, middle] for key, value in outputs.items()}
            draw_figure(os.path.join(options.figure, f"{name}_af{af}.png"),
                        images[0, options.channel, :, :, middle], planes,
                        f"{name}, channel {options.channel}, AF {af}")
    if options.output:
        with open(options.output, "w") as file:
            json.dump({"file": name, "shape": list(hybrid.shape), "calibration": options.calibration, "seed": options.seed,
                       "weights": os.path.basename(options.weights or ""), "results": results}, file, indent=1)


if __name__ == "__main__":
    main()
