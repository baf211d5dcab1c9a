"""A real plane of a brain at 3.85-fold Poisson sampling: brain.py DATA, the folder of brain8ch_plane_full.h5."""

import os
import shutil
import sys

import arrays
import scores
from processes import WORK, bart, peer, toolkit

OWN = ["zero-filled", "grappa", "spirit", "l1-spirit", "sense", "l1-sense"]


class Brain:
    def __init__(self, data):
        self.path = os.path.join(WORK, "data", "brain")
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.scan, self.out, self.maps = self.path + "_scan", self.path + "_out", self.path + "_ecalib"
        self.mask, self.samples = data + "/reference/poisson_y2.0_z2.0_s11", self.path + "_us"
        toolkit("export", raw=data + "/mrd/brain8ch_plane_full.h5", out=self.scan)
        scan = arrays.read_scan(self.scan)
        self.full = arrays.to_images(scan)
        mask = arrays.read(self.mask).real.reshape(1, 1, *scan.shape[2:]) > 0.5
        arrays.write_scan(self.samples, scan * mask)
        shutil.copy(self.scan + ".json", self.samples + ".json")
        print(f"acceleration {mask.size / mask.sum():.2f}")
        bart("ecalib", "-m1", "-r24", "-k6", self.samples, self.maps)
        # All samples, combined by BART: the reference of its published figures.
        bart("pics", "-S", "-l2", "-r0.001", "-i50", self.scan, self.maps, self.path + "_reference")
        self.reference = arrays.read_scan(self.path + "_reference")
        self.sensitivities = arrays.read_scan(self.maps)

    def row(self, name, sign=1):
        images = sign * arrays.read_scan(self.out)
        if images.shape[1] == 1:
            images = self.sensitivities * images
        combined = (self.sensitivities.conj() * images).sum(1)
        support = (abs(self.sensitivities[0]) ** 2).sum(0) > 0
        print(
            f"| {name} | {scores.nrmse(images, self.full, support):.4f} "
            f"| {scores.scaled_nrmse(combined, self.reference):.4f} |", flush=True)

    def table(self):
        print("| method | channels, to full scan | combined, to full scan |\n|---|---|---|")
        for method in OWN:
            toolkit("reconstruct", scan=self.samples, mask=self.mask, method=method, out=self.out)
            self.row(method)
        for kind, iterations, weights in [
            ("l2", 30, [0.001, 0.003, 0.01, 0.03]), ("l1", 50, [0.002, 0.005, 0.01, 0.02])
        ]:
            for weight in weights:
                bart("pics", "-S", "-" + kind, f"-r{weight}", f"-i{iterations}", self.samples, self.maps, self.out)
                self.row(f"BART pics -{kind} -r{weight} -i{iterations}", arrays.bart_sign(self.full.shape))
        for weight in (0.01, 0.03, 0.1):
            peer("sigpy_step.py", "l1", self.samples, self.maps, weight, 50, self.out)
            self.row(f"SigPy L1WaveletRecon {weight}")


if __name__ == "__main__":
    Brain(sys.argv[1]).table()
