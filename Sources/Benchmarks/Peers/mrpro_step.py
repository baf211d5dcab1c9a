"""mrpro's SENSE by conjugate gradients: mrpro_step.py KSPACE MAPS WEIGHT ITERATIONS OUT."""

import json
import sys
import time

import torch
from mrpro.algorithms.optimizers import cg
from mrpro.data import SpatialDimension
from mrpro.operators import FastFourierOp, IdentityOp, SensitivityOp

import arrays

kspace, maps, weight, iterations, out = sys.argv[1:]
kspace = torch.from_numpy(arrays.read_scan(kspace)[0])
maps = torch.from_numpy(arrays.read_scan(maps)[0])[None]
start, before = time.perf_counter(), time.process_time()
acquired = (kspace.abs().sum(0) > 0).to(torch.complex64)
matrix = SpatialDimension(*kspace.shape[1:])
transform = FastFourierOp(dim=(-3, -2, -1), recon_matrix=matrix, encoding_matrix=matrix)
model = transform @ SensitivityOp(maps)
(right,) = model.H(kspace[None])


class Normal(torch.nn.Module):
    """x to A^H M A x + weight x."""

    def forward(self, image):
        (samples,) = model(image)
        (result,) = model.H(acquired * samples)
        return (result + float(weight) * image,)


image = cg(Normal(), right, max_iterations=int(iterations), tolerance=0)
image = image[0] if isinstance(image, tuple) else image
print(json.dumps({"cpu": time.process_time() - before, "wall": time.perf_counter() - start}))
arrays.write_scan(out, image.numpy().reshape(1, 1, *kspace.shape[1:]))
