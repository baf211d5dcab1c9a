#!/usr/bin/env python3
"""Makes Goldens/: small networks as PyTorch exports them to ONNX, with inputs and PyTorch's results.

    make_goldens.py FOLDER

Needs torch and onnx from PyPI. Layers one by one, and small copies (few features, random weights) of the architectures
of published susceptibility networks. Each case is one NAME.onnx and one NAME.bin: shapes and numbers of the input and the
result, as `read` in GoldenNetworks.swift takes them.
"""

import struct
import sys
import warnings
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")


def conv(inputs, outputs, size=3, **options):
    options.setdefault("padding", size // 2)
    return nn.Conv3d(inputs, outputs, size, **options)


def conv_bn_relu(inputs, outputs, size=3):
    return nn.Sequential(conv(inputs, outputs, size), nn.BatchNorm3d(outputs), nn.ReLU())


class Function(nn.Module):
    """A function of one input as a network."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.function(self, x)


class UNet(nn.Module):
    """QSMnet's and chi-sepnet's: two convolutions for each level, pools, transposed convolutions, joined features."""

    def __init__(self, features, size, inputs=1, outputs=1, leaky=False, residual=False):
        super().__init__()
        self.residual = residual
        activation = (lambda: nn.LeakyReLU(0.1)) if leaky else nn.ReLU

        def block(a, b):
            layers = []
            for first in (a, b):
                layers += [conv(first, b, size), nn.BatchNorm3d(b), activation()]
            return nn.Sequential(*layers)

        self.down = nn.ModuleList(block(inputs if i == 0 else features[i - 1], f) for i, f in enumerate(features))
        self.up = nn.ModuleList(
            nn.ConvTranspose3d(features[i + 1], features[i], 2, stride=2) for i in range(len(features) - 1))
        self.across = nn.ModuleList(block(2 * f, f) for f in features[:-1])
        self.last = nn.Conv3d(features[0], outputs, 1)

    def forward(self, x):
        skips, y = [], x
        for i, block in enumerate(self.down):
            y = block(y if i == 0 else F.max_pool3d(y, 2))
            skips.append(y)
        for i in reversed(range(len(self.up))):
            y = self.across[i](torch.cat([self.up[i](y), skips[i]], 1))
        y = self.last(y)
        return y + x if self.residual else y


class Octave(nn.Module):
    """xQSM's: features on two grids that exchange what they know."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.high, self.low = conv(inputs, outputs), conv(inputs, outputs)
        self.up, self.down = nn.ConvTranspose3d(inputs, outputs, 2, stride=2), conv(inputs, outputs)

    def forward(self, high, low):
        return (
            F.relu(self.high(high) + self.up(low)),
            F.relu(self.low(low) + self.down(F.avg_pool3d(high, 2))))


class XQSM(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.octave = conv_bn_relu(1, 8), Octave(8, 8)
        self.up, self.last = nn.ConvTranspose3d(8, 8, 4, stride=4, padding=1, output_padding=2), nn.Conv3d(16, 1, 1)

    def forward(self, x):
        y = self.first(x)
        high, low = self.octave(y, F.avg_pool3d(y, 2))
        coarse = self.up(F.max_pool3d(high, 4))
        return self.last(torch.cat([high + F.interpolate(low, scale_factor=2, mode="nearest"), coarse], 1)) + x


class IR2QSM(nn.Module):
    """Two iterations of U-nets that see the decoder's features of the one before; a gate in the middle."""

    def __init__(self, f=2):
        super().__init__()
        self.iterations = nn.ModuleList(self.Iteration(f, i > 0) for i in range(2))
        self.last = nn.Conv3d(2, 1, 1)

    class Iteration(nn.Module):
        def __init__(self, f, again):
            super().__init__()
            self.pre = nn.Sequential(conv_bn_relu(1, f), nn.Dropout3d(0.05), conv_bn_relu(f, f))
            self.joined = nn.ModuleList(conv_bn_relu(2 * g, g) for g in (f, 2 * f)) if again else None
            self.skip = nn.ModuleList(conv_bn_relu(g, g) for g in (f, 2 * f))
            self.wide = nn.ModuleList(conv_bn_relu(g, 2 * g) for g in (f, 2 * f))
            self.gate, self.state = conv_bn_relu(4 * f, 4 * f), conv_bn_relu(4 * f, 4 * f)
            self.up = nn.ModuleList(
                nn.Sequential(nn.ConvTranspose3d(2 * g, g, 2, stride=2), nn.BatchNorm3d(g), nn.ReLU()) for g in (f, 2 * f))
            self.across = nn.ModuleList(
                nn.Sequential(conv_bn_relu(2 * g, 2 * g), conv_bn_relu(2 * g, g)) for g in (f, 2 * f))
            self.head = nn.Sequential(conv(f, f), nn.BatchNorm3d(f), nn.ReLU(), nn.Conv3d(f, 1, 1))

        def forward(self, x, before):
            y, skips, features = self.pre(x), [], []
            for level in range(2):
                if self.joined is not None:
                    y = self.joined[level](torch.cat([y, before[1 - level]], 1))
                y = self.skip[level](y)
                skips.append(y)
                y = F.max_pool3d(self.wide[level](y), 2)
            u = torch.sigmoid(self.gate(y))
            y = y * (1 - u) + self.state(y) * u
            for level in (1, 0):
                y = self.across[level](torch.cat([self.up[level](y), skips[level]], 1))
                features.append(y)
            return self.head(y) + x, features

    def forward(self, x):
        y, features, outputs = x, None, []
        for iteration in self.iterations:
            y, features = iteration(y, features)
            outputs.append(y)
        return self.last(torch.cat(outputs, 1)) + x


class VNet(nn.Module):
    """POCSnet's: strided convolutions down, residual sums, tanh."""

    def __init__(self, f=4):
        super().__init__()
        self.first, self.down = conv(1, f), nn.Conv3d(f, 2 * f, 2, stride=2)
        self.middle = conv(2 * f, 2 * f)
        self.up = nn.ConvTranspose3d(2 * f, f, 2, stride=2)
        self.right = nn.ModuleList(conv(2 * f if i == 0 else f, f) for i in range(3))
        self.last = nn.Conv3d(f, 1, 1)

    def forward(self, x):
        a = F.relu(self.first(x)) + x
        b = F.relu(self.down(a))
        b = F.relu(self.middle(b)) + b
        y = up = F.relu(self.up(b))
        y = torch.cat([y, a], 1)
        for layer in self.right:
            y = F.relu(layer(y))
        return torch.tanh(self.last(y + up))


class Proximal(nn.Module):
    """The network within LPCNN's and MoDL-QSM's steps: wide residual blocks and three 1^3 convolutions."""

    def __init__(self, channels=1, f=8, blocks=2):
        super().__init__()
        self.first = conv(channels, f, bias=False)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                conv(f, f, bias=False), nn.BatchNorm3d(f), nn.ReLU(), nn.Dropout3d(0.5), conv(f, f, bias=False),
                nn.BatchNorm3d(f)) for _ in range(blocks))
        self.last = nn.Sequential(
            nn.Conv3d(f, f, 1, bias=False), nn.ReLU(), nn.Conv3d(f, f, 1, bias=False), nn.ReLU(),
            nn.Conv3d(f, channels, 1, bias=False))

    def forward(self, x):
        y = F.relu(self.first(x))
        for block in self.blocks:
            y = F.relu(block(y) + y)
        return self.last(y)


def padded(module, x):
    """Margins to multiples of 8 as exporters write them, with the arithmetic of shapes."""
    z, y, w = (-x.shape[i] % 8 for i in (2, 3, 4))
    return F.pad(x, (0, w, y, 0, 0, z))


CASES = {
    "conv1": (conv(3, 20, 1), (3, 5, 6, 7)),
    "conv3": (conv(20, 18), (20, 5, 6, 9)),
    "conv3_one": (conv(1, 5), (1, 6, 5, 8)),
    "conv3_valid": (conv(4, 6, padding=0), (4, 7, 6, 8)),
    "conv5": (conv(2, 17, 5), (2, 7, 8, 6)),
    "conv_strided": (nn.Conv3d(4, 9, (3, 2, 1), stride=(2, 1, 3), padding=(1, 0, 0)), (4, 8, 7, 9)),
    "conv_dilated": (nn.Conv3d(5, 4, 3, padding=2, dilation=2, bias=False), (5, 9, 8, 7)),
    "deconv2": (nn.ConvTranspose3d(18, 7, 2, stride=2), (18, 4, 3, 5)),
    "deconv3": (nn.ConvTranspose3d(4, 5, 3, stride=(2, 1, 2), padding=1, output_padding=(1, 0, 0)), (4, 4, 5, 3)),
    "batch_norm": (nn.Sequential(nn.ReLU(), nn.BatchNorm3d(6)), (6, 4, 5, 6)),
    "instance_norm": (nn.InstanceNorm3d(5, affine=True), (5, 6, 5, 4)),
    "activations": (
        Function(lambda m, x: torch.sigmoid(x) + torch.tanh(x) * F.leaky_relu(x, 0.2) - F.elu(x) + F.softplus(x)), (4, 3, 4, 5)),
    "prelu": (nn.PReLU(5, 0.3), (5, 3, 4, 5)),
    "max_pool": (nn.MaxPool3d(3, stride=2, padding=1), (5, 9, 8, 7)),
    "max_pool_ceil": (nn.MaxPool3d(2, ceil_mode=True), (4, 7, 6, 5)),
    "average_pool": (nn.AvgPool3d(3, stride=2, padding=1), (5, 9, 8, 7)),
    "average_pool_inside": (nn.AvgPool3d(3, stride=1, padding=1, count_include_pad=False), (1, 5, 6, 7)),
    "global_mean": (Function(lambda m, x: x * x.mean((2, 3, 4), keepdim=True)), (5, 4, 5, 6)),
    "arithmetic": (
        Function(lambda m, x: (x[:, :1] - x) / (x.abs() + 2) * m.scale + 1 - 0.5 * x[:, 1:2] ** 2,
                 scale=nn.Parameter(torch.linspace(-1, 1, 5).reshape(1, 5, 1, 1, 1))), (5, 4, 5, 6)),
    "slices": (
        Function(lambda m, x: torch.cat([x[:, 3:20, 1:-1], x[:, 16:, :-2], x.flip(4)[:, :4, 2:]], 1)), (35, 5, 4, 6)),
    "split": (Function(lambda m, x: torch.chunk(x, 3, 1)[2] - torch.split(x, [2, 4], 1)[0]), (6, 4, 3, 5)),
    "padding": (Function(padded), (4, 3, 5, 9)),
    "reflection": (nn.ReflectionPad3d((1, 2, 0, 1, 2, 0)), (2, 4, 5, 6)),
    "nearest": (nn.Upsample(scale_factor=2, mode="nearest"), (4, 3, 4, 5)),
    "linear": (nn.Upsample(scale_factor=2, mode="trilinear"), (4, 3, 4, 5)),
    "linear_corners": (nn.Upsample(size=(5, 7, 8), mode="trilinear", align_corners=True), (3, 3, 4, 5)),
    "transposed": (
        Function(lambda m, x: m.layer(x.permute(0, 4, 1, 2, 3)).permute(0, 2, 3, 4, 1), layer=conv(1, 4)), (5, 6, 7, 1)),
    "qsmnet": (UNet([4, 6], 5, leaky=True), (1, 12, 10, 8)),
    "xqsm": (XQSM(), (1, 16, 12, 8)),
    "chi_sepnet": (UNet([4, 6, 8], 3, inputs=3, outputs=2), (3, 8, 12, 8)),
    "ir2qsm": (IR2QSM(), (1, 16, 12, 8)),
    "pocsnet": (VNet(), (1, 12, 8, 10)),
    "lpcnn": (Proximal(), (1, 10, 9, 11)),
    "modl_qsm": (Proximal(2, blocks=1), (2, 7, 9, 8)),
}


def randomize(network):
    """Weights that keep the size of features, and statistics of normalisations that matter."""
    for module in network.modules():
        if isinstance(module, (nn.Conv3d, nn.ConvTranspose3d)):
            taps = module.weight[0, 0].numel()
            inputs = module.weight.shape[0 if isinstance(module, nn.ConvTranspose3d) else 1]
            nn.init.normal_(module.weight, std=(1.5 / (inputs * taps)) ** 0.5)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1)
        elif isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)


def array(tensor):
    tensor = tensor.detach().contiguous()
    return struct.pack(f"<{1 + tensor.dim()}i", tensor.dim(), *tensor.shape) + tensor.numpy().astype("<f4").tobytes()


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, (network, shape)) in enumerate(CASES.items()):
        torch.manual_seed(number)
        network.eval()
        with torch.no_grad():
            randomize(network)
            x = torch.randn(1, *shape)
            y = network.double()(x.double()).float()
            network.float()
            torch.onnx.export(
                network, (x,), folder / f"{name}.onnx", dynamo=False, opset_version=17, input_names=["input"],
                output_names=["output"], dynamic_axes={"input": {2: "z", 3: "y", 4: "x"}})
        (folder / f"{name}.bin").write_bytes(array(x) + array(y))


main(Path(sys.argv[1]))
