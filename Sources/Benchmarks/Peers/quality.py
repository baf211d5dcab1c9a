"""Table of quality: an eight-echo phantom at Poisson accelerations 3, 4 and 5, by every method and peer."""

import os
import sys

import numpy as np

import arrays
import scores
from phantoms import Phantom
from processes import WORK, bart, peer, toolkit

OWN = ["zero-filled", "grappa", "spirit", "l1-spirit", "sense", "l1-sense"]
TUNED_ECHO = 3


class Quality:
    def __init__(self, phantom, accelerations):
        self.phantom = phantom
        self.accelerations = accelerations
        self.reference = scores.combined(phantom.truth, phantom.maps)
        self.full = arrays.to_images(arrays.read_scan(phantom.scan))
        self.full_combined = scores.combined(self.full, phantom.maps)
        self.images = phantom.path + "_images"
        self.peer_image = phantom.path + "_peer"
        self.peer_maps = phantom.path + "_ecalib"
        if not os.path.exists(self.peer_maps + ".cfl"):
            # The calibration box is the same at all accelerations; so are its maps.
            _, samples = phantom.mask(4)
            arrays.write_scan(phantom.path + "_first", arrays.read_scan(samples)[:1])
            bart("ecalib", "-m1", "-r20", "-k6", phantom.path + "_first", self.peer_maps)

    def row(self, acceleration, name, images=None):
        """Scores the channel images of a method, [echo, channel, z, y, x], or what lies in the file of images."""
        phantom = self.phantom
        if images is None:
            images = arrays.read_scan(self.images)
        else:
            arrays.write_scan(self.images, images)
        period = toolkit(
            "combine", scan=phantom.scan, images=self.images, out=phantom.path + "_field").inner["period"]
        field = arrays.read(phantom.path + "_field").real.reshape(phantom.shape[2:])
        one = scores.combined(images, phantom.maps)
        median, most = scores.field_errors(field, phantom.field, period, phantom.brain)
        print(
            f"| {acceleration} | {name} | {scores.nrmse(images, phantom.truth, phantom.head):.4f} "
            f"| {scores.nrmse(one, self.reference, phantom.brain):.4f} "
            f"| {scores.nrmse(one, self.full_combined, phantom.brain):.4f} | {median:.2f} | {most:.2f} |",
            flush=True)

    def channels(self):
        """The last image of a peer as its maps see it in every channel."""
        return arrays.read_scan(self.peer_maps) * arrays.read_scan(self.peer_image)

    def own(self, acceleration, method):
        mask, samples = self.phantom.mask(acceleration)
        toolkit("reconstruct", scan=samples, mask=mask, method=method, out=self.images)
        self.row(acceleration, method)

    def bart(self, samples, regularization, weight):
        options = {"l2": ("-l2", f"-r{weight}", "-i30"), "l1": ("-l1", f"-r{weight}", "-i50")}[regularization]
        bart("pics", "-S", *options, samples, self.peer_maps, self.peer_image)

    def sigpy(self, samples, method, weight):
        iterations = {"sense": 30, "l1": 50}[method]
        peer("sigpy_step.py", method, samples, self.peer_maps, weight, iterations, self.peer_image)

    def tuned(self, name, reconstruct, weights):
        """The weight whose channel images of one echo at acceleration 4 are nearest to the truth."""
        echo = slice(TUNED_ECHO, TUNED_ECHO + 1)
        _, samples = self.phantom.mask(4)
        one = self.phantom.path + "_tuning"
        arrays.write_scan(one, arrays.read_scan(samples)[echo])
        errors = {}
        for weight in weights:
            reconstruct(one, weight)
            errors[weight] = scores.nrmse(self.channels(), self.phantom.truth[echo], self.phantom.head)
        print(f"{name}: " + ", ".join(f"{w:g}: {e:.4f}" for w, e in errors.items()), file=sys.stderr, flush=True)
        return min(errors, key=errors.get)

    def table(self, with_sigpy=True):
        print("| AF | method | channels | combined | combined, to full scan | field median [Hz] | field 95 % [Hz] |")
        print("|---|---|---|---|---|---|---|")
        self.row(1, "fully sampled, noisy", self.full)
        for acceleration in self.accelerations:
            for method in OWN:
                self.own(acceleration, method)
        l2 = self.tuned("BART l2", lambda s, w: self.bart(s, "l2", w), [0.001, 0.003, 0.01, 0.03])
        l1 = self.tuned("BART l1", lambda s, w: self.bart(s, "l1", w), [0.002, 0.005, 0.01, 0.02])
        for acceleration in self.accelerations:
            _, samples = self.phantom.mask(acceleration)
            self.bart(samples, "l2", l2)
            self.row(acceleration, f"BART pics -l2 -r{l2}", self.channels())
            self.bart(samples, "l1", l1)
            self.row(acceleration, f"BART pics -l1 -r{l1}", self.channels())
        if not with_sigpy:
            return
        wavelets = self.tuned("SigPy l1", lambda s, w: self.sigpy(s, "l1", w), [0.001, 0.003, 0.01])
        for acceleration in self.accelerations:
            _, samples = self.phantom.mask(acceleration)
            self.sigpy(samples, "sense", l2)
            self.row(acceleration, f"SigPy SenseRecon {l2}", self.channels())
            self.sigpy(samples, "l1", wavelets)
            self.row(acceleration, f"SigPy L1WaveletRecon {wavelets}", self.channels())


if __name__ == "__main__":
    phantom = Phantom(
        "quality", "--matrix", "96x116x36", "--voxel-size", "2.2x1.8x3.4mm", "--channels", "12", "--seed", "31")
    Quality(phantom, [3, 4, 5]).table()
