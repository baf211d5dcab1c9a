"""Draws the loss and the validation errors of a training.

    python curves.py CHECKPOINT.jsonl OUTPUT.png
"""
from __future__ import annotations

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plot


def main() -> None:
    with open(sys.argv[1]) as file:
        rows = [json.loads(line) for line in file]
    steps = [row["step"] for row in rows]
    figure, (left, right) = plot.subplots(1, 2, figsize=(9, 3.2))
    left.plot(steps, [row["loss"] for row in rows])
    left.set_title("loss, current weights", fontsize=9)
    for number in range(len(rows[0]["validation"])):
        right.plot(steps, [row["validation"][number] for row in rows], label=f"iteration {number + 1}")
    right.set_title("validation, averaged weights: median NRMSE", fontsize=9)
    right.legend(fontsize=8)
    for axis in (left, right):
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(sys.argv[2], dpi=90)


if __name__ == "__main__":
    main()
