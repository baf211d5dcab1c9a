"""BART's arrays and the phantom's truth as NumPy arrays, slowest axis first."""

import json

import numpy as np


def read(path):
    """An array with BART's sixteen dimensions, slowest first, without leading axes of one element."""
    with open(path + ".hdr") as header:
        lines = header.read().splitlines()
    dimensions = [int(word) for word in lines[lines.index("# Dimensions") + 1].split()]
    return np.fromfile(path + ".cfl", np.complex64).reshape(dimensions[::-1])


def read_scan(path):
    """K-space or images, axes [echo, channel, z, y, x]."""
    array = read(path)
    shape = [1] * (16 - array.ndim) + list(array.shape)
    return array.reshape(shape[10], shape[12], *shape[13:])


def write_scan(path, array):
    """K-space or images, axes [echo, channel, z, y, x]; channel is BART's dimension 3, echo its dimension 5."""
    echoes, channels, z, y, x = array.shape
    dimensions = [x, y, z, channels, 1, echoes] + [1] * 10
    with open(path + ".hdr", "w") as header:
        header.write("# Dimensions\n" + " ".join(map(str, dimensions)) + "\n")
    np.ascontiguousarray(array, np.complex64).tofile(path + ".cfl")


def read_nifti(path):
    """A NIfTI volume, axes [z, y, x] or [channel, z, y, x]."""
    import nibabel

    return np.asarray(nibabel.load(path).dataobj).T


def description(path):
    """What was told of a scan: echo times, noise."""
    with open(path + ".json") as file:
        return json.load(file)


def to_images(kspace):
    """The centred unitary inverse transform along the last three axes."""
    axes = (-3, -2, -1)
    shifted = np.fft.ifftshift(kspace, axes=axes)
    return np.fft.fftshift(np.fft.ifftn(shifted, axes=axes, norm="ortho"), axes=axes).astype(np.complex64)


def bart_sign(shape):
    """What BART's centred transform leaves out: exp(i pi n / 2) for each of the last three axes, for even n a sign."""
    return np.prod([(-1) ** (n // 2) for n in shape[-3:]])
