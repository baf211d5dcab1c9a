"""Small valid inputs of every kind, made by `kspace` itself and from nothing."""

import glob
import gzip
import json
import os
import random
import shutil
import struct
import subprocess


def make(kspace, folder, protocols):
    """Makes all seeds in a folder, and returns where they are."""
    os.makedirs(folder, exist_ok=True)

    def run(*arguments):
        subprocess.run([kspace, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    head = ["phantom", "--matrix", "12x10x4", "--voxel-size", "16x18x30mm", "--channels", "2", "--echoes", "2", "--progress", "none"]
    run(*head, "-o", "scan.h5")
    # The truth beside a phantom bears its name.
    run(*head, "-o", "stream.mrd")
    os.rename(os.path.join(folder, "stream.mrd"), os.path.join(folder, "scan.mrd"))
    run(*head, "--sequence", "epi", "--train-length", "5", "-o", "planar.mrd")
    run("undersample", "scan.mrd", "--acceleration", "2", "--calibration", "4x2", "-o", "few.mrd")
    run("convert", "scan.h5", "-o", "array.npy")
    run("convert", "scan.h5", "-o", "bart.cfl")
    run("mask", "poisson", "--matrix", "10x4", "--acceleration", "2", "--calibration", "4x2", "-o", "mask.npy")
    run("mask", "convert", "mask.npy", "-o", "bartmask.cfl")
    run("mask", "convert", "mask.npy", "-o", "list.csv")
    run("reconstruct", "scan.h5", "--method", "zero-filled", "-o", "rec", "--dicom", "dicom", "--progress", "none")
    anat = os.path.join(folder, "rec", "sub-01", "anat")
    for part in ["mag", "phase"]:
        for echo in "12":
            stem = os.path.join(anat, f"sub-01_rec-zerofilled_echo-{echo}_part-{part}_MEGRE")
            shutil.copy(stem + ".json", os.path.join(folder, f"{part}{echo}.json"))
            unpack(stem + ".nii.gz", os.path.join(folder, f"{part}{echo}.nii"))
    for name in ["mask", "labels", "chi", "field"]:
        unpack(os.path.join(folder, "scan_truth", name + ".nii.gz"), os.path.join(folder, f"true_{name}.nii"))
    shutil.copy(os.path.join(folder, "scan_truth", "chi.nii.gz"), os.path.join(folder, "chi.nii.gz"))
    shutil.copy(os.path.join(folder, "scan_truth", "labels.tsv"), os.path.join(folder, "labels.tsv"))
    dicom = os.path.join(folder, "dicom")
    first = sorted(os.path.join(where, name) for where, _, names in os.walk(dicom) for name in names if name.endswith(".dcm"))[0]
    shutil.copy(first, os.path.join(folder, "image.dcm"))
    for name in ["study_deep_learning_af3.json", "high_resolution_7t.json"]:
        # Grids that take no time.
        with open(os.path.join(protocols, name)) as file:
            protocol = json.load(file)
        protocol["matrix"] = [20, 64, 48]
        with open(os.path.join(folder, "protocol_" + name.split("_")[0] + ".json"), "w") as file:
            json.dump(protocol, file, indent=1)
    with open(os.path.join(folder, "options.yaml"), "w") as file:
        file.write("background: vsharp\nmask-erosion: 2mm\necho-times: [3.3ms, 6.4ms]\nphase-scale: 4096\nseeds: 4\nseparate: false\n")
    with open(os.path.join(folder, "options.json"), "w") as file:
        json.dump({"background": "pdf", "inversion": "tkd", "regularization": 0.2, "reference": "whole"}, file)
    with open(os.path.join(folder, "participants.tsv"), "w") as file:
        file.write("participant_id\tage\tfile\tlabels\nsub-01\t20\tscan.h5\ttrue_labels.nii\nsub-02\t60\tscan.mrd\ttrue_labels.nii\n")
    with open(os.path.join(folder, "weights.safetensors"), "wb") as file:
        file.write(weights())
    for path in glob.glob(os.path.join(os.path.dirname(__file__), "../VolumeNetworksTests/Goldens/*.onnx")):
        shutil.copy(path, folder)
    with open(os.path.join(folder, "session.bin"), "wb") as file:
        file.write(session(os.path.join(folder, "scan.mrd")))
    return folder


def unpack(source, target):
    with gzip.open(source) as packed, open(target, "wb") as plain:
        plain.write(packed.read())


def weights():
    """A network of two blocks of two convolutions, in the safetensors format."""
    chance, header, data = random.Random(1), {}, b""
    for block in range(2):
        for layer, (outputs, inputs) in enumerate([(3, 2), (2, 3)]):
            for name, shape in [("weight", [outputs, inputs, 3, 3, 3]), ("bias", [outputs])]:
                count = 1
                for extent in shape:
                    count *= extent
                part = struct.pack(f"<{count}f", *(0.01 * chance.uniform(-1, 1) for _ in range(count)))
                header[f"b.{block}.{2 * layer}.{name}"] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(part)]}
                data += part
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def session(scan):
    """What a scanner sends: a configuration, parameters as JSON, and a scan."""
    with open(scan, "rb") as file:
        stream = file.read()
    number, length = struct.unpack("<HI", stream[:6])
    assert number == 3
    more = json.dumps({"parameters": {"config": "reconstruct", "method": "zero-filled", "series": "magnitude"}}).encode() + b"\0"
    name = struct.pack("<H1024s", 1, b"reconstruct")
    return name + stream[: 6 + length] + struct.pack("<HI", 5, len(more)) + more + stream[6 + length :]


def stream_parts(data):
    """Where the XML of a stream lies, and where the headers of its readouts begin."""
    start = 0
    while start + 6 <= len(data):
        number, length = struct.unpack("<HI", data[start : start + 6])
        if number == 1:
            start += 2 + 1024
        elif number in (2, 5):
            start += 6 + length
        else:
            break
    if start + 6 > len(data) or number != 3:
        return None, []
    xml, heads, place = (start + 6, min(len(data), start + 6 + length)), [], start + 6 + length
    while place + 342 <= len(data) and struct.unpack("<H", data[place : place + 2])[0] == 1008:
        samples, _, channels = struct.unpack("<3H", data[place + 2 + 34 : place + 2 + 40])
        dimensions = struct.unpack("<H", data[place + 2 + 176 : place + 2 + 178])[0]
        heads.append(place + 2)
        place += 342 + 4 * samples * dimensions + 8 * samples * channels
    return xml, heads
