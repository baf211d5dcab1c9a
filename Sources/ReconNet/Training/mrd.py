"""Reads a fully sampled Cartesian MRD (ISMRMRD HDF5) file by its encoding counters."""
from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import h5py
import numpy as np

# ISMRMRD's 1-based bit numbers: noise, navigation, phase correction, HP and RT feedback, dummy, surface coil correction.
NOT_IMAGING = sum(1 << (bit - 1) for bit in (19, 23, 24, 26, 27, 28, 29))
PARALLEL_CALIBRATION = 1 << 19
REVERSE = 1 << 21


def transform_along(data: np.ndarray, axes: tuple[int, ...], inverse: bool) -> np.ndarray:
    """Centred unitary FFT: exp(-2 pi i k.r) from image to k-space, its inverse back."""
    function = np.fft.ifftn if inverse else np.fft.fftn
    return np.fft.fftshift(function(np.fft.ifftshift(data, axes=axes), axes=axes, norm="ortho"), axes=axes)


def read_mrd(path: str) -> np.ndarray:
    """Hybrid space [echo, channel, kz, ky, x] complex64: the readout is transformed and its oversampling cropped.

    Repetitions are averaged. Raises ValueError where positions are missing.
    """
    with h5py.File(path, "r") as file:
        rows = file["dataset/data"][()]
        header = file["dataset/xml"][0]
    root = ElementTree.fromstring(header if isinstance(header, str) else header.decode())
    space = {"i": "http://www.ismrm.org/ISMRMRD"}

    def matrix(kind: str) -> list[int]:
        found = root.find(f".//i:{kind}/i:matrixSize", space)
        return [int(found.find(f"i:{axis}", space).text) for axis in "xyz"]

    (readout, lines, partitions), (final, _, _) = matrix("encodedSpace"), matrix("reconSpace")
    echoes = int(rows["head"]["idx"]["contrast"].max()) + 1
    channels = int(rows["head"]["active_channels"].max())
    kspace = np.zeros((echoes, channels, partitions, lines, readout), np.complex64)
    counts = np.zeros((echoes, partitions, lines), int)

    def centre(step: str, extent: int) -> int:
        found = root.find(f".//i:encodingLimits/i:{step}/i:center", space)
        return extent // 2 - int(found.text) if found is not None else 0

    shift_y, shift_z = centre("kspace_encoding_step_1", lines), centre("kspace_encoding_step_2", partitions)
    for row in rows:
        head = row["head"]
        flags = int(head["flags"])
        if flags & NOT_IMAGING or flags & PARALLEL_CALIBRATION:
            continue
        samples = int(head["number_of_samples"])
        values = np.asarray(row["data"]).view(np.complex64).reshape(channels, samples)
        if flags & REVERSE:
            values = values[:, ::-1]
        start = readout // 2 - int(head["center_sample"])
        echo, y, z = (int(head["idx"][key]) for key in ("contrast", "kspace_encode_step_1", "kspace_encode_step_2"))
        y, z = y + shift_y, z + shift_z
        kspace[echo, :, z, y, start : start + samples] += values
        counts[echo, z, y] += 1
    if counts.min() == 0:
        raise ValueError(f"{path}: {np.count_nonzero(counts == 0)} of {counts.size} (ky, kz) positions were not acquired; "
                         "training and evaluation need a fully sampled file")
    kspace /= counts[:, None, :, :, None]
    if readout == 1:
        return kspace
    hybrid = transform_along(kspace, (4,), inverse=True)
    first = readout // 2 - final // 2
    return np.ascontiguousarray(hybrid[..., first : first + final]).astype(np.complex64)
