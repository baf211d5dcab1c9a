"""Draws the loss and validation curves of a run.

    python curves.py RUN OUTPUT.png
"""
from __future__ import annotations

import json
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plot


def main() -> None:
    run, output = sys.argv[1:3]
    figure, axes = plot.subplots(1, 2, figsize=(9, 3.2), sharey=True)
    for axis, (stage, title) in zip(axes, {"planar": "planes, 3x3 kernels", "volume": "slabs, 3x3x3 kernels"}.items()):
        path = os.path.join(run, stage + ".jsonl")
        if os.path.exists(path):
            with open(path) as file:
                records = [json.loads(line) for line in file]
            steps = [record["step"] for record in records]
            axis.plot(steps, [record["training_nrmse"] for record in records], label="training, current weights")
            axis.plot(steps, [record["validation_nrmse"] for record in records], label="validation, averaged weights")
        axis.set_title(title, fontsize=9)
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    axes[0].set_ylabel("NRMSE")
    figure.tight_layout()
    figure.savefig(output, dpi=90)


if __name__ == "__main__":
    main()
