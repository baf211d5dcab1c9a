"""Training volumes: numerical heads, a segmented head model, random shapes, measured textures; complex, without channels or noise.

    python simulate.py LIBRARY --count 1500 --seed 1 [--head-model BrainModel.mat] [--scans ch2.nii.gz ...] [--photographs FOLDER]

Each volume is drawn on a grid of about twice the resolution in (z, y), given contrast, decay and phase, and
cropped in k-space, so that it has partial volumes, dephasing and Gibbs ringing as a scan has.
Volumes are [z, y, x] complex64 .npy files named by their extents; equal seeds give equal volumes.
"""
from __future__ import annotations

import argparse
import glob
import os

import numpy as np
from scipy.ndimage import map_coordinates

# (z, y): what masks are made for too. Even, odd, both orders.
PLANE_EXTENTS = [
    (48, 40), (40, 56), (48, 76), (64, 80), (81, 63), (72, 96), (96, 80), (75, 101),
    (96, 128), (120, 92), (109, 112), (128, 150), (150, 130), (180, 230), (160, 200),
]


def spline_matrix(count: int, knots: int) -> np.ndarray:
    """Cubic B-spline basis on `count` points, [count, knots]."""
    position = np.linspace(0, knots - 1, count) if count > 1 else np.array([(knots - 1) / 2])
    distance = np.abs(position[:, None] - np.arange(knots)[None])
    return np.where(distance < 1, 2 / 3 - distance**2 + distance**3 / 2,
                    np.where(distance < 2, (2 - distance) ** 3 / 6, 0))


def smooth_field(rng: np.random.Generator, grid: list[np.ndarray], wavelength: float) -> np.ndarray:
    """A random field of about unit variance that varies over `wavelength` (the half field of view is 1)."""
    shape = tuple(axis.size for axis in grid)
    knots = []
    for axis in grid:
        extent = float(axis[-1] - axis[0]) if axis.size > 1 else 0.0
        knots.append(int(np.clip(np.ceil(2 * extent / wavelength), 1, 200)) + 3)
    values = rng.normal(size=knots)
    for axis, (count, number) in enumerate(zip(shape, knots)):
        # Two spare knots on each side keep the variance at the edges.
        basis = spline_matrix(count, number)
        basis /= np.sqrt((basis**2).sum(axis=1, keepdims=True))
        values = np.moveaxis(np.tensordot(basis, values, (1, axis)), 0, axis)
    return values


def rotation(rng: np.random.Generator, largest: float = np.pi) -> np.ndarray:
    axis = rng.normal(size=3)
    axis /= np.linalg.norm(axis)
    angle = rng.uniform(-largest, largest)
    cross = np.cross(np.eye(3), axis)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


class Canvas:
    """A grid of points and, at each, proton density, decay rate and frequency."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, int, int], thickness: float):
        self.rng = rng
        self.shape = shape
        # Half the field of view is 1 along the longer of z and y; x is a slab of the given thickness.
        longest = max(shape[0], shape[1])
        offset = rng.uniform(-0.5, 0.5)
        self.axes = [np.linspace(-shape[0] / longest, shape[0] / longest, shape[0]),
                     np.linspace(-shape[1] / longest, shape[1] / longest, shape[1]),
                     offset + np.linspace(0, thickness, shape[2])]
        self.voxel = 2 / longest
        self.points = np.meshgrid(*self.axes, indexing="ij")
        self.density = np.zeros(shape)
        self.decay = np.zeros(shape)
        self.frequency = np.zeros(shape)

    def field(self, wavelength: float) -> np.ndarray:
        return smooth_field(self.rng, self.axes, wavelength)

    def fill(self, where: np.ndarray, density: float, texture: float = 0.0, wavelength: float = 0.3) -> None:
        """A tissue: one density with texture, one decay [1/TE unit], one frequency offset."""
        if not where.any():
            return
        values = density
        if texture > 0:
            values = density * np.clip(1 + texture * self.field(wavelength)[where], 0, 3)
        self.density[where] = values
        self.decay[where] = self.rng.gamma(2, 0.15)
        self.frequency[where] = self.rng.normal() * 0.15

    def ellipsoid(self, centre, radii, turn=None, warp=0.0, wavelength=0.5) -> np.ndarray:
        """The normalised radius from an ellipsoid's centre; below 1 inside."""
        relative = [point - c for point, c in zip(self.points, centre)]
        if turn is not None:
            relative = [sum(turn[i, j] * relative[j] for j in range(3)) for i in range(3)]
        radius = np.sqrt(sum((r / s) ** 2 for r, s in zip(relative, radii)))
        if warp > 0:
            radius = radius * (1 + warp * self.field(wavelength))
        return radius

    def line(self, start, end) -> np.ndarray:
        """The distance to a line segment."""
        direction = np.subtract(end, start)
        relative = [point - s for point, s in zip(self.points, start)]
        along = sum(r * d for r, d in zip(relative, direction)) / (direction @ direction + 1e-9)
        along = np.clip(along, 0, 1)
        return np.sqrt(sum((r - along * d) ** 2 for r, d in zip(relative, direction)))


def draw_vessels(canvas: Canvas, number: int, reach: float = 0.7) -> None:
    rng = canvas.rng
    for _ in range(number):
        start = rng.uniform(-reach, reach, size=3)
        start[2] = rng.uniform(canvas.axes[2][0], canvas.axes[2][-1])
        direction = rng.normal(size=3) * rng.uniform(0.1, 0.4)
        width = canvas.voxel * rng.uniform(0.7, 3.0)
        density = rng.choice([0.05, 0.2, 1.0, 1.5])
        for _ in range(rng.integers(1, 5)):
            end = start + direction
            canvas.fill(canvas.line(start, end) < width, density)
            start, direction = end, direction + rng.normal(size=3) * 0.15


def draw_head(canvas: Canvas) -> None:
    """Scalp, skull, fluid, a folded cortex, white matter, ventricles, nuclei, vessels, air."""
    rng = canvas.rng
    radii = rng.uniform(0.55, 0.85, size=3)
    radii[0] *= canvas.axes[0][-1]
    radii[1] *= canvas.axes[1][-1]
    turn = rotation(rng, 0.5)
    centre = rng.normal(size=3) * 0.06
    radius = canvas.ellipsoid(centre, radii, turn, warp=rng.uniform(0.01, 0.06), wavelength=rng.uniform(0.4, 1))
    layer = 1.0 + rng.uniform(0.03, 0.08)
    if rng.random() < 0.75:
        skull = layer + rng.uniform(0.03, 0.09)
        marrow = rng.random() < 0.5
        fat = skull + rng.uniform(0.01, 0.12)
        skin = fat + rng.uniform(0.01, 0.05)
        canvas.fill(radius < skin, rng.uniform(0.2, 0.9), 0.2)
        canvas.fill(radius < fat, rng.uniform(0.3, 2.0), 0.2, 0.15)
        canvas.fill(radius < skull, rng.uniform(0, 0.1))
        if marrow:
            middle, half = (skull + layer) / 2, (skull - layer) / 6
            canvas.fill(np.abs(radius - middle) < half, rng.uniform(0.2, 0.8), 0.4, 0.1)
    fluid, gray, white = rng.permutation(rng.uniform(0.15, 1.0, size=3)) if rng.random() < 0.5 else \
        (rng.uniform(0.1, 1.3), rng.uniform(0.6, 0.9), rng.uniform(0.5, 1.0))
    canvas.fill(radius < layer, fluid, 0.05)
    wavelength = rng.uniform(0.15, 0.4)
    folds = canvas.field(wavelength) + 0.4 * canvas.field(wavelength / 2)
    depth = 1 - radius
    sulcus = np.abs(folds) * wavelength / 3
    open_width = np.clip(rng.uniform(0.005, 0.02) * (1 - depth / rng.uniform(0.2, 0.5)), 0, 1)
    ribbon = rng.uniform(0.025, 0.06)
    near = np.minimum(np.where(depth < 0.45, sulcus - open_width, 1), depth - 0.01)
    canvas.fill((radius < 1) & (near > 0), gray, rng.uniform(0, 0.15), rng.uniform(0.05, 0.4))
    canvas.fill((radius < 1) & (near > ribbon), white, rng.uniform(0, 0.15), rng.uniform(0.05, 0.5))
    for side in (-1, 1):
        place = centre + np.array([0.0, side * rng.uniform(0.06, 0.14), 0]) + rng.normal(size=3) * 0.03
        shape = rng.uniform([0.06, 0.03, 0.1], [0.3, 0.1, 0.4])
        canvas.fill(canvas.ellipsoid(place, shape, rotation(rng, 0.5), 0.15, 0.2) < 1, fluid)
    for _ in range(rng.integers(2, 8)):
        place = centre + rng.uniform(-0.3, 0.3, size=3)
        size = rng.uniform(0.04, 0.16, size=3)
        density = gray * rng.uniform(0.6, 1.1)
        for side in (-1, 1):
            mirrored = place * np.array([1, side, 1])
            canvas.fill(canvas.ellipsoid(mirrored, size, rotation(rng, 1), 0.1, 0.2) < 1, density, 0.05)
            canvas.frequency[canvas.ellipsoid(mirrored, size) < 0.8] += rng.uniform(0, 0.6)
    draw_vessels(canvas, rng.integers(3, 20))
    if rng.random() < 0.4:
        place = centre + rng.normal(size=3) * 0.4
        canvas.fill(canvas.ellipsoid(place, rng.uniform(0.05, 0.2, 3), rotation(rng), 0.2, 0.2) < 1, 0.0)


def draw_model(canvas: Canvas, labels: np.ndarray) -> None:
    """The labels of a segmented head, turned, stretched and warped, with random contrast and texture."""
    rng = canvas.rng
    scale = rng.uniform(1.0, 1.6, size=3) * (np.array(labels.shape) / 2)
    turn = rotation(rng)
    warped = [point + rng.uniform(0, 0.05) * canvas.field(rng.uniform(0.3, 0.8)) for point in canvas.points]
    place = rng.uniform(-0.35, 0.35, size=3)
    where = [scale[i] * (sum(turn[i, j] * warped[j] for j in range(3)) + place[i]) + labels.shape[i] / 2
             for i in range(3)]
    found = map_coordinates(labels, where, order=0, mode="constant", cval=0)
    for label in np.unique(found):
        if label == 0:
            continue
        density = rng.uniform(0.05, 1.2)
        canvas.fill(found == label, density, rng.uniform(0, 0.25), rng.choice([0.04, 0.1, 0.3]))
    draw_vessels(canvas, rng.integers(0, 12))


def draw_scan(canvas: Canvas, scan: np.ndarray) -> None:
    """A measured magnitude (0 to 1), turned, stretched and warped; a random curve makes contrast, decay and frequency of it."""
    rng = canvas.rng
    scale = rng.uniform(0.9, 1.5, size=3) * (np.array(scan.shape) / 2)
    if rng.random() < 0.5:
        scale[:] = scale.mean()
    turn = rotation(rng, rng.choice([0.3, np.pi]))
    order = rng.permutation(3)
    warped = [point + rng.uniform(0, 0.04) * canvas.field(rng.uniform(0.4, 1)) for point in canvas.points]
    place = rng.uniform(-0.3, 0.3, size=3)
    where = [scale[i] * (sum(turn[order[i], j] * warped[j] for j in range(3)) + place[i]) + scan.shape[i] / 2
             for i in range(3)]
    fill_measured(canvas, map_coordinates(scan, where, order=1, mode="constant", cval=0))
    draw_vessels(canvas, rng.integers(0, 6))


def draw_photograph(canvas: Canvas, photograph: np.ndarray) -> None:
    """A photograph (0 to 1) in (z, y), shifted and turned a little from one x to the next, within an outline or without."""
    rng = canvas.rng
    z, y, x = canvas.points
    angle = rng.uniform(0, 2 * np.pi) + rng.normal() * 0.8 * (x - canvas.axes[2][0])
    drift = rng.normal(size=2) * 0.5
    drifted_z, drifted_y = z + drift[0] * x, y + drift[1] * x
    size = min(photograph.shape) * rng.uniform(0.25, 0.5)
    centre = [n / 2 + rng.uniform(-0.5, 0.5) * (n - 2 * size) for n in photograph.shape]
    cosine, sine = np.cos(angle), np.sin(angle)
    where = [centre[0] + size * (cosine * drifted_z - sine * drifted_y),
             centre[1] + size * (sine * drifted_z + cosine * drifted_y)]
    found = map_coordinates(photograph, where, order=1, mode="reflect")
    if rng.random() < 0.6:
        inside = canvas.ellipsoid(rng.normal(size=3) * 0.1, rng.uniform(0.5, 0.95, 3), rotation(rng), 0.1, 0.4) < 1
        found = np.where(inside, found, 0)
    fill_measured(canvas, found)


def fill_measured(canvas: Canvas, values: np.ndarray) -> None:
    """Density, decay and frequency as random curves of measured values; nothing stays nothing."""
    rng = canvas.rng
    knots = np.linspace(0, 1, 6)
    density = np.concatenate([[0], rng.uniform(0.1, 1.2, size=5)])
    if rng.random() < 0.6:
        density = np.sort(density)
    canvas.density += np.interp(values, knots, density)
    canvas.decay += np.interp(values, knots, rng.gamma(2, 0.15, size=6))
    canvas.frequency += np.interp(values, knots, rng.normal(size=6) * 0.15)


def draw_shapes(canvas: Canvas) -> None:
    """Ellipsoids, boxes, half spaces, gratings, thresholded fields, lines, each over the earlier ones."""
    rng = canvas.rng
    if rng.random() < 0.6:
        outline = canvas.ellipsoid(rng.normal(size=3) * 0.1, rng.uniform(0.5, 0.95, 3), rotation(rng), 0.1, 0.4) < 1
    else:
        outline = np.ones(canvas.shape, bool)
    canvas.fill(outline, rng.uniform(0, 1), rng.uniform(0, 0.5), rng.choice([0.04, 0.1, 0.3, 0.8]))
    for _ in range(rng.integers(4, 30)):
        kind = rng.integers(5)
        size = np.exp(rng.uniform(np.log(0.03), np.log(0.5), size=3))
        place = rng.uniform(-0.8, 0.8, size=3)
        place[2] = rng.uniform(canvas.axes[2][0], canvas.axes[2][-1])
        turn = rotation(rng)
        texture, wavelength = rng.uniform(0, 0.4), rng.choice([0.04, 0.1, 0.3])
        if kind == 0:
            where = canvas.ellipsoid(place, size, turn, rng.choice([0, 0.2]), 0.2) < 1
        elif kind == 1:
            relative = [point - c for point, c in zip(canvas.points, place)]
            where = np.ones(canvas.shape, bool)
            for i in range(3):
                where &= np.abs(sum(turn[i, j] * relative[j] for j in range(3))) < size[i]
        elif kind == 2:
            where = canvas.field(rng.uniform(0.08, 0.6)) > rng.uniform(0.3, 1.5)
        elif kind == 3:
            period = canvas.voxel * rng.uniform(4, 16)
            along = sum(turn[0, j] * canvas.points[j] for j in range(3))
            where = (np.sin(2 * np.pi * along / period) > rng.uniform(-0.5, 0.7)) & (
                canvas.ellipsoid(place, size) < 1)
        else:
            folds = canvas.field(rng.uniform(0.1, 0.5))
            where = np.abs(folds) < rng.uniform(0.03, 0.15)
        canvas.fill(where & outline, rng.uniform(0, 1.2), texture, wavelength)
    draw_vessels(canvas, rng.integers(0, 25), 0.9)


def add_phase(canvas: Canvas) -> np.ndarray:
    """exp(i phase - decay): tissue frequencies, smooth background and local sources, at a random echo time."""
    rng = canvas.rng
    echo = rng.choice([0.3, 1.0, 2.0, 3.5]) * rng.uniform(0.5, 1.5)
    background = rng.uniform(0, 2.0) * canvas.field(rng.uniform(0.8, 2))
    if rng.random() < 0.6:
        background = background + sum(rng.normal() * 1.5 * point for point in canvas.points)
    for _ in range(rng.integers(0, 4)):
        place = rng.uniform(-0.9, 0.9, size=3)
        direction = rotation(rng)[0]
        relative = [point - c for point, c in zip(canvas.points, place)]
        distance = np.sqrt(sum(r**2 for r in relative)) + 1e-6
        core = rng.uniform(0.04, 0.15)
        cosine = sum(r * d for r, d in zip(relative, direction)) / distance
        background = background + rng.normal() * 2 * (3 * cosine**2 - 1) * (core / np.maximum(distance, core)) ** 3
    frequency = canvas.frequency + 0.1 * canvas.field(rng.uniform(0.1, 0.4)) + background
    return np.exp(1j * (echo * frequency + rng.uniform(0, 2 * np.pi)) - echo * canvas.decay)


def crop_kspace(image: np.ndarray, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """The same field of view at fewer (z, y) positions: the centre of k-space, sometimes tapered."""
    axes = (0, 1)
    kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, axes=axes), axes=axes), axes=axes)
    slices = tuple(slice(n // 2 - m // 2, n // 2 - m // 2 + m) for n, m in zip(image.shape, shape))
    kspace = kspace[slices] * (shape[0] * shape[1] / (image.shape[0] * image.shape[1]))
    z, y = [np.linspace(-1, 1, n)[:, None] if i == 0 else np.linspace(-1, 1, n)[None] for i, n in enumerate(shape)]
    kind = rng.random()
    if kind < 0.15:
        kspace *= (z**2 + y**2 <= 1)[..., None]
    elif kind < 0.45:
        edge = rng.uniform(0.6, 1.0)
        taper = lambda k: np.where(np.abs(k) < edge, 1, np.cos(np.pi / 2 * (np.abs(k) - edge) / (1.2 - edge)) ** 2)
        kspace *= (taper(z) * taper(y))[..., None]
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes=axes), axes=axes), axes=axes)


class Sources:
    """What volumes are made of besides random shapes: all optional."""

    def __init__(self, head_model: str | None = None, scans: list[str] = [], photographs: str | None = None):
        self.labels = None
        if head_model:
            from scipy.io import loadmat
            self.labels = loadmat(head_model)["Anatomy"]
        self.scans = [self.scan(path) for path in scans]
        self.photographs = [self.photograph(path) for path in sorted(glob.glob(os.path.join(photographs, "*")))] if photographs else []

    @staticmethod
    def scan(path: str) -> np.ndarray:
        import nibabel
        values = np.asarray(nibabel.load(path).dataobj, np.float32)
        return np.clip(values / np.quantile(values[values > 0], 0.995), 0, 1)

    @staticmethod
    def photograph(path: str) -> np.ndarray:
        from PIL import Image
        return np.asarray(Image.open(path).convert("L"), np.float32) / 255


def simulate(seed: int, sources: Sources, thickest: int = 8, largest_plane: int = 10**9) -> np.ndarray:
    """One volume [z, y, x], its 0.99 quantile about 1."""
    rng = np.random.default_rng(seed)
    extents = [(z, y) for z, y in PLANE_EXTENTS if z * y <= largest_plane]
    extent = extents[rng.integers(len(extents))]
    large = extent[0] * extent[1] > 15000
    fine = tuple(int(round(n * rng.uniform(1.5, 2.2))) for n in extent)
    slices = 2 if large else thickest
    thickness = slices * rng.uniform(0.7, 1.5) * 2 / max(extent)
    canvas = Canvas(rng, (*fine, slices), thickness)
    kind = rng.random()
    if kind < 0.25:
        draw_head(canvas)
    elif kind < 0.4 and sources.labels is not None:
        draw_model(canvas, sources.labels)
    elif kind < 0.65 and sources.scans:
        draw_scan(canvas, sources.scans[rng.integers(len(sources.scans))])
    elif kind < 0.75 and sources.photographs:
        draw_photograph(canvas, sources.photographs[rng.integers(len(sources.photographs))])
    else:
        draw_shapes(canvas)
    # A slow change of contrast over the object, as from the transmit field.
    density = canvas.density * np.clip(1 + rng.uniform(0, 0.3) * canvas.field(1.5), 0.2, 3)
    image = crop_kspace(density * add_phase(canvas), extent, rng)
    scale = np.quantile(np.abs(image), 0.99)
    if not scale > 0.02:
        return simulate(seed + 1_000_000_007, sources, thickest, largest_plane)
    return (image / scale).astype(np.complex64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--thickest", type=int, default=8, help="slices along the readout")
    parser.add_argument("--largest-plane", type=int, default=10**9, help="positions (ky, kz) at most")
    parser.add_argument("--head-model", help="a segmented head: MATLAB file with labels in `Anatomy`")
    parser.add_argument("--scans", nargs="*", default=[], help="NIfTI magnitudes of high quality, such as ch2.nii.gz")
    parser.add_argument("--photographs", help="a folder of photographs, for their texture")
    arguments = parser.parse_args()
    sources = Sources(arguments.head_model, arguments.scans, arguments.photographs)
    os.makedirs(arguments.library, exist_ok=True)
    for index in range(arguments.count):
        seed = arguments.seed * 1_000_000 + index
        volume = simulate(seed, sources, arguments.thickest, arguments.largest_plane)
        name = "x".join(str(n) for n in volume.shape)
        path = os.path.join(arguments.library, f"{seed}_{name}.npy")
        np.save(path + ".part.npy", volume)
        os.replace(path + ".part.npy", path)


if __name__ == "__main__":
    main()
