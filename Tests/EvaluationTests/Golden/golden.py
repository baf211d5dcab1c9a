"""Writes metrics.json: what scikit-image and SciPy say of the images that GoldenImages.swift makes."""

import json
import sys

import numpy as np
from scipy import ndimage
from skimage.metrics import normalized_root_mse, peak_signal_noise_ratio, structural_similarity


def images(shape):
    """Integers only up to the last division, so that both languages make the same bits."""
    volume = (1,) * (3 - len(shape)) + tuple(shape)
    z, y, x = np.indices(volume)
    i = np.arange(z.size).reshape(volume)
    reference = ((z // 4 + y // 5 + x // 3) % 4) * 0.1 - 0.1 + ((i * i * 7 + i * 13) % 251) / 251.0 * 0.2
    image = reference * 0.9 + ((i * 37 + 11) % 101) / 101.0 * 0.05
    mask = (z * 3 + y * 5 + x * 7) % 11 < 7
    return tuple(a.reshape(shape) for a in (image.astype(np.float32), reference.astype(np.float32), mask))


def matlab(a, b, data_range):
    """MATLAB's ssim by SciPy's filters: 11 Gaussian taps, outermost voxels repeated, all voxels counted."""

    def mean(v):
        return ndimage.gaussian_filter(v, 1.5, mode="nearest", radius=5)

    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    ma, mb = mean(a), mean(b)
    va, vb, cab = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    return (2 * ma * mb + c1) * (2 * cab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))


def xsim(a, b):
    def total(v):
        return ndimage.uniform_filter(v, 5, mode="constant") * 5**v.ndim

    n = total(np.ones_like(a))
    ma, mb = total(a) / n, total(b) / n
    va, vb, cab = total(a * a) / n - ma**2, total(b * b) / n - mb**2, total(a * b) / n - ma * mb
    return (2 * ma * mb + 1e-4) * (2 * cab + 1e-6) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 1e-6))


def hfen(a, b, mask):
    filtered = [ndimage.gaussian_laplace(v, 1.5, truncate=5.0)[mask] for v in (a - b, b)]
    return np.linalg.norm(filtered[0]) / np.linalg.norm(filtered[1])


def record(shape):
    image, reference, mask = images(shape)
    a, b = image.astype(float), reference.astype(float)
    data_range, everywhere = 0.8, np.ones(shape, bool)
    result = {"shape": shape}
    for name, where in (("", everywhere), ("Masked", mask)):
        p, q = a[where], b[where]
        slope, intercept = np.polyfit(q - q.mean(), p - p.mean(), 1)
        corrected = (p - p.mean() - intercept) / slope
        scale = (p * q).sum() / (p * p).sum()
        result |= {
            "psnr" + name: peak_signal_noise_ratio(q, p, data_range=data_range),
            "nrmse" + name: normalized_root_mse(q, p, normalization="euclidean"),
            "scaled" + name: np.linalg.norm(scale * p - q) / np.linalg.norm(q),
            "demeaned" + name: normalized_root_mse(q - q.mean(), p - p.mean(), normalization="euclidean"),
            "detrended" + name: normalized_root_mse(q - q.mean(), corrected, normalization="euclidean"),
            "hfen" + name: hfen(a, b, where),
            "matlab" + name: matlab(a, b, data_range)[where].mean(),
            "xsim" + name: xsim(a, b)[where].mean(),
        }
    if min(shape) >= 11:
        wang = dict(data_range=data_range, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True)
        mean, full = structural_similarity(b, a, **wang)
        result |= {"wang": mean, "wangMasked": full[mask].mean()}
        result["box"] = structural_similarity(b, a, data_range=data_range)
    if len(shape) == 3 and min(shape[1:]) >= 7:
        slices = [structural_similarity(q, p, data_range=data_range) for p, q in zip(a, b)]
        result["slices"] = np.mean(slices)
    return result


shapes = [[17, 19, 23], [13, 12, 11], [13, 31], [1, 20, 17], [4, 7, 9], [3, 2, 5]]
json.dump([record(shape) for shape in shapes], sys.stdout, indent=1)
print()
