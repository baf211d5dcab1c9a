"""Table of cost: 192 x 160 x 48 voxels, 12 channels, one echo, Poisson 4-fold."""

import shutil
import statistics
import sys

import numpy as np

import arrays
import scores
from phantoms import Phantom
from processes import WORK, bart, peer, toolkit

# Of the toolkit; peers that take minutes run once.
RUNS = 3


class Speed:
    def __init__(self, phantom):
        self.phantom = phantom
        self.mask, self.samples = phantom.mask(4)
        self.reference = scores.combined(phantom.truth, phantom.maps)
        self.out = phantom.path + "_out"
        self.maps = phantom.path + "_ecalib"

    def cost(self, name, step, score, runs=RUNS):
        """Takes a step several times, and prints the medians."""
        costs = [step() for _ in range(runs)]

        def median(of):
            values = [of(cost) for cost in costs]
            return statistics.median(values) if None not in values else None

        inner = median(lambda cost: cost.inner.get("cpu"))
        print(
            f"| {name} | {median(lambda cost: cost.cpu):.2f} | {'-' if inner is None else f'{inner:.2f}'} "
            f"| {median(lambda cost: cost.wall):.1f} | {median(lambda cost: cost.memory):.0f} | {runs} | {score()} |",
            flush=True)

    def header(self, title, score):
        print(f"\n### {title}\n\n| program | CPU [s] | algorithm alone [s] | wall [s] | memory [MB] | runs | {score} |")
        print("|---|---|---|---|---|---|---|")

    def calibration(self):
        self.header("Sensitivities", "angle to the truth in the brain: median, 95 % [degrees]; voxels without")

        def score(path):
            median, most, missing = scores.map_angles(
                arrays.read_scan(path)[0], self.phantom.maps, self.phantom.brain)
            return f"{median:.2f}, {most:.2f}; {100 * missing:.2f} %"

        self.cost(
            "kspace ESPIRiT", lambda: toolkit("maps", scan=self.samples, mask=self.mask, out=self.out),
            lambda: score(self.out))
        self.cost(
            "BART ecalib -m1 -r20 -k6", lambda: bart("ecalib", "-m1", "-r20", "-k6", self.samples, self.maps),
            lambda: score(self.maps), runs=1)

    def image_score(self):
        """The error of channels and of their combination, of channel images or of an image that maps multiply."""
        images = arrays.read_scan(self.out)
        if images.shape[1] == 1:
            images = arrays.read_scan(self.maps) * images
        channels = scores.nrmse(images, self.phantom.truth, self.phantom.head)
        one = scores.combined(images, self.phantom.maps)
        return f"{channels:.4f}, {scores.nrmse(one, self.reference, self.phantom.brain):.4f}"

    def own(self, method, **options):
        return lambda: toolkit(
            "reconstruct", scan=self.samples, mask=self.mask, method=method, out=self.out, **options)

    def sense(self):
        self.header("SENSE, 30 iterations, weight 0.01, BART's maps", "error of channels, of their combination")
        self.cost(
            "kspace", self.own("sense", maps=self.maps, weight=0.01, iterations=30), self.image_score)
        self.cost(
            "BART pics -l2 -r.01 -i30",
            lambda: bart("pics", "-S", "-l2", "-r.01", "-i30", self.samples, self.maps, self.out),
            self.image_score, runs=1)
        self.cost(
            "SigPy SenseRecon", lambda: peer("sigpy_step.py", "sense", self.samples, self.maps, 0.01, 30, self.out),
            self.image_score, runs=1)
        interpreter = WORK + "/mrpro/bin/python"
        if shutil.which(interpreter):
            self.cost(
                "mrpro cg",
                lambda: peer(
                    "mrpro_step.py", self.samples, self.maps, 0.01, 30, self.out, interpreter=interpreter),
                self.image_score, runs=1)

    def wavelets(self):
        self.header("L1-SENSE, 50 iterations, BART's maps", "error of channels, of their combination")
        self.cost("kspace", self.own("l1-sense", maps=self.maps, iterations=50), self.image_score)
        self.cost(
            "BART pics -l1 -r.01 -i50",
            lambda: bart("pics", "-S", "-l1", "-r.01", "-i50", self.samples, self.maps, self.out),
            self.image_score, runs=1)

    def neighbours(self):
        shape = self.phantom.shape
        self.header(f"GRAPPA, all {shape[4]} planes", "error of channels, of their combination")
        self.cost("kspace", self.own("grappa"), self.image_score)

        self.header("GRAPPA, one plane", "error of channels")
        x = shape[4] // 2
        plane = self.phantom.path + "_plane"
        scan = arrays.read_scan(self.phantom.scan)
        hybrid = np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(scan, axes=-1), norm="ortho"), axes=-1)
        arrays.write_scan(plane, hybrid[..., x : x + 1])
        shutil.copy(self.phantom.scan + ".json", plane + "_us.json")
        sampled = arrays.read_scan(plane) * (arrays.read_scan(self.mask).real > 0.5)
        arrays.write_scan(plane + "_us", sampled)
        truth, head = self.phantom.truth[..., x : x + 1], self.phantom.head[..., x : x + 1]

        self.cost(
            "kspace", lambda: toolkit("reconstruct", scan=plane + "_us", mask=self.mask, method="grappa", out=self.out),
            lambda: f"{scores.nrmse(arrays.read_scan(self.out), truth, head):.4f}")
        for weight in (0.001, 0.01, 0.1):
            self.cost(
                f"pygrappa mdgrappa 5x5 lamda {weight}",
                lambda: peer("pygrappa_step.py", plane + "_us", 20, weight, self.out),
                lambda: f"{scores.nrmse(arrays.to_images(arrays.read_scan(self.out)), truth, head):.4f}", runs=1)


if __name__ == "__main__":
    speed = Speed(
        Phantom(
            "speed", "--matrix", "192x160x48", "--voxel-size", "1.2x1.3x3mm", "--channels", "12", "--seed", "31",
            "--echo-times", "12.6ms"))
    for part in sys.argv[1:] or ["calibration", "sense", "wavelets", "neighbours"]:
        getattr(speed, part)()
