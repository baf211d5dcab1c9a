"""The kinds of input that are mutated, how, and which commands read them."""

import gzip
import os
import re
import zlib

from mutations import NUMBERS, bytes_changed, fields_changed, json_changed, table_changed, text_changed, xml_changed
from seeds import stream_parts

# The header of a readout: offset and struct code of each field.
READOUT = (
    [(0, "H"), (2, "Q"), (10, "I"), (14, "I"), (34, "H"), (36, "H"), (38, "H"), (40, "Q"), (168, "H"), (170, "H"), (172, "H"), (174, "H"), (176, "H")]
    + [(178 + 4 * index, "f") for index in range(16)] + [(242 + 2 * index, "H") for index in range(17)] + [(276, "i"), (308, "f")]
)
# Those on which most depends.
WEIGHTY = [(2, "Q"), (34, "H"), (38, "H"), (172, "H"), (174, "H"), (176, "H"), (178, "f")] + [(242 + 2 * index, "H") for index in range(9)]
NIFTI = (
    [(0, "i"), (39, "B"), (68, "h"), (70, "h"), (72, "h"), (120, "h"), (252, "h"), (254, "h"), (123, "B"), (344, "s"), (346, "s")]
    + [(40 + 2 * index, "h") for index in range(8)] + [(76 + 4 * index, "f") for index in range(8)]
    + [(108, "f"), (112, "f"), (116, "f"), (124, "f"), (128, "f")] + [(256 + 4 * index, "f") for index in range(18)]
)
SIGNATURE = re.compile(rb"OHDR|TREE|GCOL|SNOD|HEAP|OCHK|FRHP|BTHD|\x89HDF|<ismrmrdHeader")


def stream(data, chance):
    """A stream of messages: its XML as such, its readouts' headers by field, or its bytes."""
    xml, heads = stream_parts(data)
    kind = chance.randrange(10)
    if kind < 4 and xml:
        text = xml_changed(data[xml[0] : xml[1]], chance)
        return data[: xml[0] - 4] + len(text).to_bytes(4, "little") + text + data[xml[1] :]
    if kind < 8 and heads:
        fields = WEIGHTY if chance.random() < 0.7 else READOUT
        head = chance.choice(heads)
        if chance.random() < 0.3:
            # The same in all readouts.
            seed, changed = chance.random(), data
            for head in heads:
                changed = fields_changed(changed, type(chance)(seed), fields, head)
            return changed
        return fields_changed(data, chance, fields, head)
    if kind == 8 and len(heads) > 2:
        first, second = sorted(chance.sample(heads, 2))
        return data[: first - 2] + data[second - 2 :] if chance.random() < 0.5 else data[: second - 2] + data[first - 2 :]
    spots = [head - 2 for head in heads] + ([0, xml[0] - 6] if xml else [0])
    return bytes_changed(data, chance, spots)


def container(data, chance):
    """An HDF5 file: around its structures, in its XML, or anywhere."""
    marks = list(SIGNATURE.finditer(data))
    spots = [mark.start() for mark in marks]
    start, end = data.find(b"<ismrmrdHeader"), data.find(b"</ismrmrdHeader>")
    if chance.random() < 0.25 and 0 <= start < end:
        # Numbers of the same length, so that nothing else moves.
        numbers = [match for match in re.finditer(rb">(\d+(?:\.\d+)?)<", data[start:end])]
        if numbers:
            found = chance.choice(numbers)
            width = found.end(1) - found.start(1)
            value = chance.choice([b"9" * width, b"0" * width, b"-" + b"9" * (width - 1), (b"1e" + b"9" * width)[:width], b" " * width, b"x" * width])[:width]
            return data[: start + found.start(1)] + value.ljust(width) + data[start + found.end(1) :]
    return bytes_changed(data, chance, spots)


def nifti(data, chance):
    """A volume: fields of its header, or its bytes."""
    return fields_changed(data, chance, NIFTI) if chance.random() < 0.7 else bytes_changed(data, chance, [0, 40, 344, 352])


def packed_nifti(data, chance):
    """A volume within gzip: the volume, or the stream of gzip."""
    if chance.random() < 0.6:
        try:
            return gzip.compress(nifti(gzip.decompress(data), chance), 1, mtime=0)
        except (OSError, EOFError, ValueError, zlib.error):
            pass
    return bytes_changed(data, chance, [0, len(data) - 8])


def numpy_array(data, chance):
    """An array of NumPy: the text of its header, its length with it or not, or its bytes."""
    if chance.random() < 0.7 and len(data) > 10:
        length = int.from_bytes(data[8:10], "little")
        text = text_changed(data[10 : 10 + length], chance)
        for word, others in [(b"|b1", [b"<c1", b"<c8", b">f8", b"<i8", b"|O", b"<U4", b"<f2", b"|V9999999999"]), (b"<c8", [b"<c1", b"|b1", b">c16"]), (b"False", [b"True", b"1"])]:
            if chance.random() < 0.15:
                text = text.replace(word, chance.choice(others))
        if chance.random() < 0.7:
            length = min(len(text), 65535)
        return data[:8] + length.to_bytes(2, "little") + text + data[10 + int.from_bytes(data[8:10], "little") :]
    return bytes_changed(data, chance, [0, 6])


def safetensors(data, chance):
    """Weights: the JSON of the header, its length with it or not, or the bytes."""
    length = int.from_bytes(data[:8], "little")
    if chance.random() < 0.8 and length < len(data):
        text = json_changed(data[8 : 8 + length], chance)
        if chance.random() < 0.2:
            text = re.sub(rb"b\.\d+\.\d+", lambda _: f"b.{chance.choice([0, 1, 9, 2**31, 10**12, 2**63])}.{chance.choice([0, 1, 2, 10**12])}".encode(), text, count=1)
        return (len(text) if chance.random() < 0.9 else length).to_bytes(8, "little") + text + data[8 + length :]
    return bytes_changed(data, chance, [0])


def dicom(data, chance):
    """An image of DICOM: around its first elements, or anywhere."""
    return bytes_changed(data, chance, [128, 132, 200, 300, 600, 900, 1200])


def yaml(data, chance):
    """Options: one of the things that YAML has and nobody needs, or any change of a text."""
    if chance.random() < 0.3:
        piece = chance.choice([
            b"? [a, b]\n: 1\n", b"a: &a [x,x]\nb: [*a,*a,*a]\n", b"<<: *a\n", b"!!binary x\n", b"--- 1\n", b"%YAML 9.9\n---\n", b"a: !!python/x y\n",
            b"{" * 300, b"[" * 300, b"- 1\n", b"background: [[1]]\n", b"background:\n  a: 1\n", b"mask: 1\n", b"threads: 99999999999\n", b"phase: [a, b]\n",
            b"a: |\n  x\n  y\n", b"seeds: 0x7fffffffffffffff\n", b"seeds: 1e400\n", b"mask-erosion: 1e308mm\n", b"background-radius: 1e300mm\n", b"\xef\xbb\xbf",
        ])
        place = chance.randrange(len(data) + 1)
        return data[:place] + piece + data[place:]
    return text_changed(data, chance)


def table(data, chance):
    return table_changed(data, chance, b"\t")


def commas(data, chance):
    return table_changed(data, chance, b",")


def line(data, chance):
    """A command line: one of its numbers, of which every option has its own rules."""
    numbers = list(re.finditer(rb"(?<![\w.-])\d+(?:\.\d+)?(?=[^ /]*(?: |$))|(?<=[x,])\d+(?:\.\d+)?", data))
    if not numbers:
        return data
    found = chance.choice(numbers)
    # No blanks: they would part words.
    value = chance.choice([number for number in NUMBERS if number.strip()]).encode()
    return data[: found.start()] + value + data[found.end() :]


class Command:
    """A command: its words, the names that may appear, what it reads besides, and whether it reads standard input."""

    def __init__(self, words, output=(), others=(), weight=1, stdin=False):
        self.words, self.output, self.others, self.weight, self.stdin = words.split(), output, others, weight, stdin


class Kind:
    """A kind of input: its seeds, its mutation, and the commands that read it."""

    def __init__(self, seeds, mutation, weight, *commands):
        self.seeds, self.mutation, self.weight, self.commands = seeds, mutation, weight, commands


QUICK = "--threads 1 --progress none"
ECHOES = ("mag2.nii", "phase2.nii", "mag1.json", "mag2.json", "phase1.json", "phase2.json")
# IN stands for the mutated file, LINE for its content as words.
RAW = [
    Command("info IN", weight=6),
    Command("info IN --json", weight=2),
    Command(f"reconstruct IN -o new --method zero-filled {QUICK}", ["new"], weight=3),
    Command(f"reconstruct IN -o new {QUICK} --dry-run", weight=1),
    Command("undersample IN --acceleration 2 --calibration 4x2 -o new.mrd", ["new.mrd"]),
    Command("undersample IN --acceleration 2 --calibration 4x2 -o new.h5", ["new.h5"]),
    Command("convert IN -o new.npy", ["new.npy", "new.json"]),
    Command("mask recover IN -o new.npy", ["new.npy", "new.json"]),
]
LINES = [
    "mask poisson --matrix 30x12 --acceleration 2 --calibration 4x2 --seed 7 --tr 30.2ms",
    "mask poisson --matrix 30x12 --nested 2,3 --calibration 4x2",
    "mask poisson --matrix 30x12 --acceleration 2 --echoes 2 -o new.npy",
    "mask uniform --matrix 30x12 --step 2x1 --calibration 4x4 -o new.csv",
    "mask caipi --matrix 30x12 --step 2x2 --shift 1 --calibration 4x4",
    "mask random --matrix 30x12 --acceleration 4 --width 0.5 --calibration 4x4 --seed 3",
    "phantom --matrix 12x10x4 --voxel-size 16x18x30mm --channels 2 --echo-times 4ms,9ms --snr 60 --age 44 --tilt 5deg -o new.h5 --dry-run",
    "phantom --matrix 12x10x4 --voxel-size 16x18x30mm --channels 2 --sequence epi --train-length 5 --navigators 3 --echoes 2 -o new.h5 --dry-run",
    "phantom --cohort 3 --ages 18-75 --matrix 12x10x4 --voxel-size 16x18x30mm --channels 2 --snr 60 -o new",
    "info scan.mrd --matrix 12x10x4 --echo-times 3.3ms,6.4ms --field-strength 3T --field-of-view 192x180x120mm",
    "info scan.mrd --encoding-space 0 --slice 0 --repetition 0 --set 0 --average 0 --segment 0 --cardiac-phase 0",
    "reconstruct scan.mrd -o new --method zero-filled --threads 1 --matrix 12x10x4 --field-of-view 192x180x120mm --dry-run",
    "undersample scan.mrd --acceleration 2 --calibration 4x2 --seed 3 -o new.mrd",
    "convert array.npy -o new.h5 --voxel-size 1x1x2mm --tr 30.2ms --echo-times 4ms,9ms --field-strength 3T",
    "time protocol_study.json --acceleration 3 --tr 30.2ms --dummies 4 --averages 1",
    "time --mask mask.npy --tr 30.2ms --dummies 4 --averages 1",
    "compare true_field.nii true_chi.nii --range 1",
    "qsm --total-field true_field.nii --field-unit Hz --field-strength 3T --mask true_mask.nii -o new --threads 1 --background-radius 12mm --mask-erosion 2mm --regularization 0.2 --seeds 64 --dry-run",
    "qsm --total-field true_field.nii --field-unit Hz --field-strength 3T --field-direction 0,0,1 --mask true_mask.nii -o new --threads 1 --expected-deviation 0.1 --reweightings 1 --inversion tkd",
    "study scan.mrd -o new --methods zero-filled --accelerations 2,3 --calibration 4x2 --seed 1 --dry-run",
    "openrecon --label --port 9002",
]
KINDS = {
    "options": Kind(
        [f"line{index}" for index in range(len(LINES))], line, 8,
        Command("LINE", ["new", "new.h5", "new.npy", "new.csv", "new.json", "new.mrd", "new_truth"],
                ["scan.mrd", "array.npy", "array.json", "protocol_study.json", "mask.npy", "true_field.nii", "true_chi.nii", "true_mask.nii"]),
    ),
    "hdf5": Kind(["scan.h5"], container, 8, *RAW),
    "stream": Kind(["scan.mrd", "planar.mrd", "few.mrd"], stream, 10, *RAW, Command("info -", stdin=True, weight=2), Command("info IN --accept-truncated")),
    "methods": Kind(["few.mrd"], stream, 2, *[Command(f"reconstruct IN -o new --method {name} {QUICK}", ["new"]) for name in ["grappa", "sense", "l1-sense", "auto"]]),
    "nifti": Kind(
        ["true_chi.nii", "true_mask.nii", "true_labels.nii"], nifti, 5,
        Command("compare IN true_field.nii --ignore-affine", others=["true_field.nii"], weight=2),
        Command("compare true_field.nii IN", others=["true_field.nii"]),
        Command("compare true_field.nii true_chi.nii --mask IN", others=["true_field.nii", "true_chi.nii"]),
        Command("compare true_field.nii true_chi.nii --labels IN -o new", ["new"], ["true_field.nii", "true_chi.nii"]),
    ),
    "nifti.gz": Kind(["chi.nii.gz"], packed_nifti, 3, Command("compare IN true_field.nii", others=["true_field.nii"])),
    "phase": Kind(
        ["phase1.nii"], nifti, 2,
        Command(f"qsm --phase IN phase2.nii --magnitude mag1.nii mag2.nii --mask true_mask.nii -o new {QUICK}", ["new"], (*ECHOES, "mag1.nii", "true_mask.nii")),
        Command(f"qsm --total-field IN --field-unit Hz --field-strength 3T --mask true_mask.nii -o new {QUICK}", ["new"], ["true_mask.nii"]),
    ),
    "sidecar": Kind(
        ["phase1.json"], json_changed, 4,
        Command(f"qsm --phase phase1.nii phase2.nii --magnitude mag1.nii mag2.nii --mask true_mask.nii -o new {QUICK} --dry-run", (),
                ["phase1.nii", "mag1.nii", "mag2.nii", "phase2.nii", "mag1.json", "mag2.json", "phase2.json", "true_mask.nii"]),
    ),
    "mask.npy": Kind(
        ["mask.npy"], numpy_array, 4,
        Command("mask convert IN -o new.csv", ["new.csv", "new.json"], weight=2),
        Command("mask convert IN --matrix 10x4 -o new.cfl", ["new.cfl", "new.hdr", "new.json"]),
        Command("undersample scan.mrd --mask IN -o new.mrd", ["new.mrd"], ["scan.mrd"]),
        Command("time --tr 30ms --mask IN"),
    ),
    "mask.json": Kind(["mask.json"], json_changed, 4, Command("mask check .", ["index.json"], ["mask.npy"]), Command("mask convert mask.npy -o new.csv", ["new.csv", "new.json"], ["mask.npy"])),
    "mask.hdr": Kind(["bartmask.hdr"], text_changed, 2, Command("mask convert bartmask.cfl -o new.npy", ["new.npy", "new.json"], ["bartmask.cfl"])),
    "mask.csv": Kind(["list.csv"], commas, 4, Command("mask convert IN -o new.npy", ["new.npy", "new.json"]), Command("mask convert IN --matrix 10x4 -o new.npy", ["new.npy", "new.json"])),
    "protocol": Kind(["protocol_study.json", "protocol_high.json"], json_changed, 8, Command("time IN"), Command("time IN --json"), Command("time IN --chart new.svg", ["new.svg"])),
    "yaml": Kind(["options.yaml", "options.json"], yaml, 4, Command(f"qsm --config IN --phase phase1.nii phase2.nii --magnitude mag1.nii mag2.nii --mask true_mask.nii -o new --dry-run",
                 (), ("phase1.nii", "mag1.nii", "true_mask.nii", *ECHOES))),
    "tsv": Kind(
        ["labels.tsv"], table, 2,
        Command("compare true_field.nii true_chi.nii --labels true_labels.nii --label-names IN", others=["true_field.nii", "true_chi.nii", "true_labels.nii"]),
    ),
    "participants": Kind(
        ["participants.tsv"], table, 2,
        Command(f"study --cohort IN -o new --methods zero-filled --accelerations 2 {QUICK} --dry-run", (), ["scan.h5", "scan.mrd", "true_labels.nii"]),
    ),
    "weights": Kind(["weights.safetensors"], safetensors, 3, Command(f"reconstruct scan.mrd -o new --method reconnet --weights IN {QUICK} --dry-run", (), ["scan.mrd"], weight=3),
                    Command(f"reconstruct scan.mrd -o new --method reconnet --weights IN {QUICK}", ["new"], ["scan.mrd"])),
    "array.npy": Kind(["array.npy"], numpy_array, 2, Command("convert IN -o new.h5", ["new.h5"], ["array.json"])),
    "array.json": Kind(["array.json"], json_changed, 3, Command("convert array.npy -o new.mrd", ["new.mrd"], ["array.npy"])),
    "array.hdr": Kind(["bart.hdr"], text_changed, 2, Command("convert bart.cfl -o new.h5", ["new.h5"], ["bart.cfl", "bart.json"])),
    "server": Kind(["session.bin"], stream, 4, Command("serve --stdio", stdin=True, weight=2), Command("serve --stdio --save kept", stdin=True)),
    "dicom": Kind(["image.dcm"], dicom, 3, Command(f"qsm IN -o new {QUICK} --dry-run"), Command(f"reconstruct scan.mrd -o new --method zero-filled --dicom series --template IN {QUICK} --dry-run", (), ["scan.mrd"])),
}


def lay_out(folder, seeds, command, name, data):
    """Puts the inputs of a case into its folder; returns their names."""
    for other in command.others:
        if other != name:
            os.link(os.path.join(seeds, other), os.path.join(folder, other))
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)
    if "--save" in command.words:
        os.mkdir(os.path.join(folder, command.words[command.words.index("--save") + 1]))
    return os.listdir(folder)
