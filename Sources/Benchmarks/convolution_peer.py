"""The convolutions of ReconNet3D in PyTorch, channels-last, as ConvolutionBenchmark.swift orders them.

    python convolution_peer.py THREADS

Reads orders from standard input, answers each with one line of numbers:
    prepare FEATURES Z Y X    makes network and image, runs it once on a small image  -> 0
    run                       runs five blocks of five layers                         -> wall [s], processors [s]
    memory                    the largest resident memory since `prepare`             -> bytes
"""
import resource
import sys
import time

try:
    import torch
    from torch.nn import functional
except ImportError:
    print(1, flush=True)
    sys.exit()


def processors():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident():
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))


@torch.inference_mode()
def network(image, weights):
    for _ in range(5):
        features = image
        for layer, weight in enumerate(weights):
            features = functional.conv3d(features, weight, padding=1)
            if layer < 4:
                features = functional.leaky_relu(features, 0.01, inplace=True)
        image = image + features
    return image


torch.set_num_threads(int(sys.argv[1]))
print(0, flush=True)
for line in sys.stdin:
    order, *numbers = line.split()
    if order == "prepare":
        features, *shape = map(int, numbers)
        widths = [2] + 4 * [features] + [2]
        weights = [
            (torch.randn(outputs, inputs, 3, 3, 3) * (2 / (27 * inputs)) ** 0.5)
            .contiguous(memory_format=torch.channels_last_3d)
            for inputs, outputs in zip(widths, widths[1:])
        ]
        image = torch.randn(1, 2, *shape).contiguous(memory_format=torch.channels_last_3d)
        network(torch.randn(1, 2, 8, 16, 16).contiguous(memory_format=torch.channels_last_3d), weights)
        with open("/proc/self/clear_refs", "w") as references:
            references.write("5")
        answer = "0"
    elif order == "run":
        start, used = time.perf_counter(), processors()
        network(image, weights)
        answer = f"{time.perf_counter() - start} {processors() - used}"
    else:
        answer = str(resident())
    print(answer, flush=True)
