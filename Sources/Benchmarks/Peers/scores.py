"""How far images, maps and fields are from the truth."""

import numpy as np


def nrmse(images, truth, mask):
    """|images - truth| / |truth| over the voxels of a mask and all other axes, without any scaling."""
    images, truth = images[..., mask], truth[..., mask]
    return np.linalg.norm(images - truth) / np.linalg.norm(truth)


def scaled_nrmse(image, reference):
    """The same over all voxels after the complex scaling that makes it smallest."""
    image, reference = (a.ravel().astype(np.complex128) for a in (image, reference))
    scale = np.vdot(image, reference) / np.vdot(image, image)
    return np.linalg.norm(scale * image - reference) / np.linalg.norm(reference)


def combined(images, maps):
    """Channels combined by true sensitivities, axes [echo, z, y, x]."""
    power = np.maximum((np.abs(maps) ** 2).sum(0), 1e-12)
    return (maps.conj() * images).sum(1) / power


def field_errors(field, truth, period, mask):
    """The median and the 95th percentile of the absolute difference up to periods [Hz]."""
    error = field[mask] - truth[mask]
    error = np.abs(error - period * np.round(error / period))
    return np.median(error), np.percentile(error, 95)


def map_angles(maps, truth, mask):
    """The median and the 95th percentile of the angle between sensitivities [degrees], and the part without any."""
    maps, truth = maps[:, mask].astype(np.complex128), truth[:, mask].astype(np.complex128)
    size = np.linalg.norm(maps, axis=0)
    known = size > 0
    cosine = np.abs((maps.conj() * truth).sum(0)[known]) / (size * np.linalg.norm(truth, axis=0))[known]
    angle = np.degrees(np.arccos(np.minimum(cosine, 1)))
    return np.median(angle), np.percentile(angle, 95), 1 - known.mean()
