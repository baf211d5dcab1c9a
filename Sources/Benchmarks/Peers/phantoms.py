"""Phantom scans, undersampled, with what is true of them."""

import os
import shutil

import numpy as np

import arrays
from processes import KSPACE, WORK, run, toolkit


class Phantom:
    """A noisy scan whose channels were whitened by its own noise scan, and the truth in the same channels."""

    def __init__(self, name, *options, snr=60):
        self.path = os.path.join(WORK, "data", name)
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.scan = self.path + "_scan"
        for level in (snr, "inf"):
            raw = f"{self.path}_{level}.h5"
            if not os.path.exists(raw):
                run(KSPACE, "phantom", *options, "--snr", level, "--progress", "none", "-o", raw)
        if not os.path.exists(self.path + "_truth.cfl"):
            self._export(snr)
        truth = f"{self.path}_{snr}_truth/"
        self.truth = arrays.read_scan(self.path + "_truth")
        self.maps = arrays.read_scan(self.path + "_maps")[0]
        self.head = arrays.read_nifti(truth + "labels.nii.gz") > 0
        self.brain = arrays.read_nifti(truth + "mask.nii.gz") > 0
        self.field = arrays.read_nifti(truth + "field.nii.gz")
        self.shape = self.truth.shape

    def _export(self, snr):
        toolkit("export", raw=f"{self.path}_{snr}.h5", out=self.scan)
        toolkit("export", raw=f"{self.path}_{snr}.h5", out=self.path + "_raw", whitened="no")
        toolkit("export", raw=f"{self.path}_inf.h5", out=self.path + "_clean", whitened="no")
        # The whitening is linear in the channels: W = white raw^H (raw raw^H)^-1.
        raw, white = (arrays.read_scan(p)[0].astype(np.complex128) for p in (self.path + "_raw", self.scan))
        raw, white = raw.reshape(len(raw), -1), white.reshape(len(white), -1)
        whitening = (white @ raw.conj().T @ np.linalg.inv(raw @ raw.conj().T)).astype(np.complex64)
        clean = arrays.to_images(arrays.read_scan(self.path + "_clean"))
        arrays.write_scan(self.path + "_truth", np.einsum("ij,ejzyx->eizyx", whitening, clean))
        maps = arrays.read_nifti(f"{self.path}_{snr}_truth/sensitivities.nii.gz")
        arrays.write_scan(self.path + "_maps", np.einsum("ij,jzyx->izyx", whitening, maps)[None])
        for name in ("_raw", "_clean"):
            os.remove(self.path + name + ".cfl")

    def mask(self, acceleration, calibration=20):
        """Makes an exact Poisson-disk mask, and the samples that it leaves; the paths of both."""
        mask = f"{self.path}_mask{acceleration}"
        samples = f"{self.path}_us{acceleration}"
        if not os.path.exists(samples + ".cfl"):
            lines, partitions = self.shape[3], self.shape[2]
            toolkit(
                "mask", matrix=f"{lines}x{partitions}", acceleration=acceleration, calibration=calibration,
                out=mask)
            arrays.write_scan(samples, arrays.read_scan(self.scan) * (arrays.read_scan(mask).real > 0.5))
            shutil.copy(self.scan + ".json", samples + ".json")
        return mask, samples
