"""The network: an unrolled inversion whose prior is learnt and whose physics is not.

    x <- argmin |D x - f|^2 + mu_0 |x|^2
    x <- argmin |D x - (D z + V (f - D z))|^2 + mu_k |x - z|^2,      z = x + net(x, D V (f - D x), f, ...),      k = 1 ... K

All volumes are divided by a robust amplitude of the field, so that the scale passes through. `V` is how far a voxel's field is trusted, 0 to 1.
"""
from __future__ import annotations

import torch
from torch import nn

from simulate import filtered

CHANNELS = 11


def scale(field: torch.Tensor, trust: torch.Tensor) -> torch.Tensor:
    """The median of the magnitude of a field where it is known."""
    return torch.stack([part[known > 0].abs().median() for part, known in zip(field, trust)])


class Prior(nn.Module):
    """A U-net over three levels, with the same weights in every iteration."""

    def __init__(self, fine: int = 16, middle: int = 32, coarse: int = 64):
        super().__init__()
        conv = lambda a, b: nn.Conv3d(a, b, 3, padding=1)
        self.fine_in = conv(CHANNELS, fine)
        self.down = nn.Conv3d(fine, middle, 2, stride=2)
        self.middle_in = conv(middle, middle)
        self.down_again = nn.Conv3d(middle, coarse, 2, stride=2)
        self.coarse = nn.ModuleList([conv(coarse, coarse) for _ in range(3)])
        self.up = nn.ConvTranspose3d(coarse, middle, 2, stride=2)
        self.middle_out = conv(2 * middle, middle)
        self.up_again = nn.ConvTranspose3d(middle, fine, 2, stride=2)
        self.fine_out = conv(2 * fine, fine)
        self.last = conv(fine, 1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        fine = torch.relu(self.fine_in(x))
        middle = torch.relu(self.middle_in(torch.relu(self.down(fine))))
        coarse = torch.relu(self.down_again(middle))
        for layer in self.coarse:
            coarse = coarse + torch.relu(layer(coarse))
        middle = torch.relu(self.middle_out(torch.cat([torch.relu(self.up(coarse)), middle], 1)))
        fine = torch.relu(self.fine_out(torch.cat([torch.relu(self.up_again(middle)), fine], 1)))
        return self.last(fine)


class LearnedInversion(nn.Module):
    """Susceptibility [batch, z, y, x] of a local field."""

    def __init__(self, iterations: int = 3):
        super().__init__()
        self.iterations = iterations
        self.prior = Prior()
        # mu_k = exp(a_k + b_k log(deviation / scale))
        self.a = nn.Parameter(torch.full((8,), -2.0))
        self.b = nn.Parameter(torch.full((8,), 1.0))

    def change(self, inputs: torch.Tensor, constants: torch.Tensor) -> torch.Tensor:
        """What the prior adds, on a grid that is filled with zeros up to multiples of 4, the constant channels aside."""
        free = [-extent % 4 for extent in inputs.shape[2:]]
        place = [part for extent in reversed(free) for part in (extent // 2, extent - extent // 2)]
        volumes = nn.functional.pad(inputs, place)
        volumes = torch.cat([volumes, constants[:, :, None, None, None].expand(-1, -1, *volumes.shape[2:])], 1)
        with torch.autocast(inputs.device.type, dtype=torch.bfloat16, enabled=self.training):
            change = self.prior(volumes.contiguous(memory_format=torch.channels_last_3d))[:, 0].float()
        for axis, (extent, zeros) in enumerate(zip(inputs.shape[2:], free)):
            change = change.narrow(axis + 1, zeros // 2, extent)
        return change

    def forward(self, batch: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        """The estimates of all iterations."""
        mask, trust, kernel = batch["mask"], batch["trust"], batch["dipole"]
        unit = scale(batch["field"], trust)
        wide = lambda values: values[:, None, None, None]
        field = batch["field"] / wide(unit)
        level = torch.log(batch["deviation"] / unit).clamp(-5, 2)
        mu = torch.exp(self.a + self.b * level[:, None])
        square = kernel * kernel
        size = torch.log(batch["size"] / batch["size"].prod(1, keepdim=True) ** (1 / 3))
        x = filtered(field, kernel / (square + wide(mu[:, 0]))) * mask
        first = x
        results = []
        for k in range(1, self.iterations + 1):
            residual = filtered(trust * (field - filtered(x, kernel)), kernel)
            constants = [level, size[:, 0], size[:, 1], batch["direction"][:, 1], batch["direction"][:, 2]]
            z = (x + self.change(torch.stack([x, first, 3 * residual, field, mask, trust], 1), torch.stack(constants, 1))) * mask
            model = filtered(z, kernel)
            x = z + filtered(trust * (field - model), kernel / (square + wide(mu[:, k])))
            x = x * mask
            results.append(x * wide(unit))
        return results
