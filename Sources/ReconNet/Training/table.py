"""The network beside parallel imaging: every method's channel images, their combination and their field, on one scan.

    python table.py SCAN.h5 --calibration 24x24 --kspace PATH/kspace -o results.json
                    [--reference NOISELESS.h5] [--weights W.safetensors] [--sense-weights W.safetensors] [--figure FOLDER]

For every acceleration one Poisson-disk mask undersamples the scan (`kspace undersample`); `kspace reconstruct --channels`
makes the channel images by zero-filling, GRAPPA, L1-SENSE, ReconNet3D and ReconNetSENSE, all without prewhitening so that the
channels are the file's; BART's `pics` with one unit map makes the single-channel L1-wavelet images. The reference is
the fully sampled scan, noise included, or a noiseless file of the same scan. All scores are computed here, alike for all:

* channels: ||x - reference|| / ||reference|| of every channel and echo, their mean;
* combined: root sum of squares of the first echo, SSIM (scikit-image, Gaussian of 1.5 voxels) and PSNR within the
  object (above a tenth of the reference's 0.99 quantile), range and peak the reference's maximum there;
* field [Hz]: arg(sum over echoes and channels of conj(S_e) S_(e+1)) / (2 pi dTE), Ye et al., ISMRM 2019 #4392; the absolute
  difference from the reference's, median and 95 % over the object.
"""
from __future__ import annotations

import argparse
import glob
import json
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree

import h5py
import nibabel
import numpy as np
from skimage.metrics import structural_similarity

from evaluate import draw_figure, l1_wavelet, nrmse
from masks import poisson
from mrd import read_mrd, transform_along

METHODS = ("zero-filled", "l1-wavelet", "grappa", "l1-sense", "reconnet", "reconnet-sense")


def channel_images(command: str, raw: str, method: str, weights: str | None) -> np.ndarray:
    """[echo, channel, z, y, x] of `kspace reconstruct --channels`."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "images")
        options = ["--weights", weights] if weights else []
        subprocess.run([command, "reconstruct", raw, "-o", output, "--method", method, "--channels",
                        "--no-prewhitening", *options], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        images = {}
        for path in glob.glob(os.path.join(output, "**", "*coil-*part-mag*.nii.gz"), recursive=True):
            coil = int(re.search(r"coil-(\d+)", path)[1])
            echo = int((re.search(r"echo-(\d+)", path) or [0, 1])[1])
            magnitude, phase = (np.asarray(nibabel.load(p).dataobj) for p in (path, path.replace("part-mag", "part-phase")))
            images[echo - 1, coil - 1] = (magnitude * np.exp(1j * phase)).astype(np.complex64).T
    echoes, channels = (max(key[i] for key in images) + 1 for i in (0, 1))
    return np.stack([np.stack([images[e, c] for c in range(channels)]) for e in range(echoes)])


def mirrored_axes(images: np.ndarray, like: np.ndarray) -> tuple[int, ...]:
    """The axes along which a NIfTI grid mirrors the images of `like`, which they must otherwise equal.

    Raises ValueError where no mirroring makes them equal.
    """
    for flips in np.ndindex(2, 2, 2):
        axes = tuple(2 + i for i in range(3) if flips[i])
        found = np.flip(images, axes)
        if found.shape == like.shape and np.linalg.norm(found - like) < 1e-3 * np.linalg.norm(like):
            return axes
    raise ValueError("kspace's zero-filled images differ from the transform of the file's samples")


def echo_times(path: str) -> list[float]:
    """The echo times of an MRD header [s]."""
    with h5py.File(path, "r") as file:
        header = file["dataset/xml"][0]
    root = ElementTree.fromstring(header if isinstance(header, str) else header.decode())
    return [float(found.text) / 1000 for found in root.iter("{http://www.ismrm.org/ISMRMRD}TE")]


def field(images: np.ndarray, times: list[float]) -> np.ndarray | None:
    """The frequency [Hz] that all channels and neighbouring echoes have in common, wrapped; none of a single echo."""
    if len(images) < 2:
        return None
    products = (images[1:] * images[:-1].conj()).sum(axis=(0, 1))
    return np.angle(products) / (2 * np.pi * (times[1] - times[0]))


def scores(images: np.ndarray, reference: np.ndarray, times: list[float]) -> dict[str, float]:
    found = {"channels": float(np.mean([nrmse(images[i], reference[i]) for i in np.ndindex(images.shape[:2])]))}
    combined, truth = (np.sqrt((np.abs(part[0]) ** 2).sum(axis=0)) for part in (images, reference))
    inside = truth > 0.1 * np.quantile(truth, 0.99)
    peak = float(truth[inside].max())
    squeezed = [part.squeeze() for part in (truth, combined, inside)]
    similarity = structural_similarity(*squeezed[:2], data_range=peak, gaussian_weights=True, sigma=1.5,
                                       use_sample_covariance=False, full=True)[1]
    found["ssim"] = float(similarity[squeezed[2]].mean())
    found["psnr"] = float(10 * np.log10(peak**2 / ((combined - truth)[inside] ** 2).mean()))
    if len(images) > 1:
        period = 1 / (times[1] - times[0])
        difference = (field(images, times) - field(reference, times))[inside]
        difference = np.abs(difference - period * np.round(difference / period))
        found["field_median"], found["field_95"] = (float(np.quantile(difference, q)) for q in (0.5, 0.95))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--reference")
    parser.add_argument("--weights", help="of ReconNet3D; the command's own unless given")
    parser.add_argument("--sense-weights", help="of ReconNetSENSE")
    parser.add_argument("--calibration", default="24x24", help="ky x kz")
    parser.add_argument("--accelerations", default="3,4,5")
    parser.add_argument("--lambda", dest="weight", type=float, default=0.005, help="of L1-wavelet; evaluate.py searches it")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--kspace", default="kspace")
    parser.add_argument("--figure", help="folder for PNGs")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("-o", "--output", help="JSON; rows of other methods that it holds already are kept")
    options = parser.parse_args()
    name = os.path.splitext(os.path.basename(options.file))[0]
    hybrid, times = read_mrd(options.file), echo_times(options.file)
    z, y, x = hybrid.shape[2:]
    full = transform_along(hybrid, (2, 3), inverse=True).astype(np.complex64)
    mirrored = mirrored_axes(channel_images(options.kspace, options.file, "zero-filled", None), full)
    reference = full
    if options.reference:
        reference = transform_along(read_mrd(options.reference), (2, 3), inverse=True).astype(np.complex64)
    weights = {"reconnet": options.weights, "reconnet-sense": options.sense_weights}
    results = {}
    if options.output and os.path.exists(options.output):
        with open(options.output) as file:
            results = json.load(file)["results"]
    if options.reference:
        results["fully sampled"] = {"1": scores(full, reference, times)}
    for acceleration in options.accelerations.split(","):
        calibration = tuple(int(n) for n in options.calibration.split("x"))
        mask = poisson(options.kspace, z, y, float(acceleration), calibration, options.seed)
        with tempfile.TemporaryDirectory() as folder:
            path, raw = os.path.join(folder, "mask.npy"), os.path.join(folder, "undersampled.h5")
            np.save(path, mask)
            subprocess.run([options.kspace, "undersample", options.file, "--mask", path, "-o", raw], check=True,
                           stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            images = {method: np.flip(channel_images(options.kspace, raw, method, weights.get(method)), mirrored)
                      for method in options.methods if method != "l1-wavelet"}
        if "l1-wavelet" in options.methods:
            images["l1-wavelet"] = np.stack([l1_wavelet(hybrid[i], mask, options.weight)
                                             for i in np.ndindex(hybrid.shape[:2])]).reshape(hybrid.shape)
        for method, found in images.items():
            row = results.setdefault(method, {})[acceleration] = scores(found, reference, times)
            print(f"{name} AF {acceleration} {method}: " + ", ".join(f"{key} {value:.4f}" for key, value in row.items()), flush=True)
        if options.figure:
            os.makedirs(options.figure, exist_ok=True)
            draw_figure(os.path.join(options.figure, f"{name}_af{acceleration}.png"), reference[0, 0, :, :, x // 2],
                        {method: found[0, 0, :, :, x // 2] for method, found in images.items()},
                        f"{name}, channel 0, AF {acceleration}")
    if options.output:
        with open(options.output, "w") as file:
            json.dump({"file": name, "shape": list(hybrid.shape), "calibration": options.calibration, "seed": options.seed,
                       "lambda": options.weight, "results": results}, file, indent=1)


if __name__ == "__main__":
    main()
