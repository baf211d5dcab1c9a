"""Changes one number or word of a scan's header at a time and asks what `kspace reconstruct` makes of it.

    python header_mutations.py --kspace .build/release/kspace scan.h5 [scan2.h5 ...] [--count 200] [--seed 1] [--keep DIR]

Every run must either refuse (exit 3, one line that says why) or give an image that correlates with the unchanged
scan's by at least 0.95, whatever it warned; images of another matrix are cropped or interpolated, those of other voxels
laid where their headers say that they lie. Prints what did neither, and counts; exit 1 if there is any.
"""
import argparse, glob, os, random, re, resource, shutil, subprocess, sys, tempfile

import h5py, nibabel, numpy as np
from scipy import ndimage

NUMBER = re.compile(r"<([A-Za-z_0-9]+)>\s*(-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\s*</\1>")
# Parameters of users mean nothing to anybody else.
IGNORED = re.compile(r"<userParameters>.*?</userParameters>|<coilLabel>.*?</coilLabel>", re.S)
FACTORS = [1e-6, 1e-3, 0.1, 0.25, 0.5, 0.9, 0.96, 0.98, 1.02, 1.04, 1.1, 2, 4, 10, 1e3, 1e6]


def mutations(text):
    """What one change can be: (in words, where from, where to, new text)."""
    left_out = [m.span() for m in IGNORED.finditer(text)]
    for match in NUMBER.finditer(text):
        if any(a <= match.start() < b for a, b in left_out):
            continue
        name, value = match.group(1), float(match.group(2))
        before = re.findall(r"<([A-Za-z_0-9]+)>", text[: match.start()])[-6:]
        place = "/".join(before[-3:] + [name])
        whole = match.group(2).lstrip("-").isdigit()
        values = {value * f for f in FACTORS} | {value + 1, value - 1, 0.0, -value, value + 7}
        if whole:
            values = {float(round(v)) for v in values}
        for new in sorted(values - {value}):
            yield f"{place}: {match.group(2)} -> {new:g}", match.start(2), match.end(2), f"{new:.12g}"
        yield f"{place}: left out", match.start(), match.end(), ""
        yield f"{place}: no number", match.start(2), match.end(2), "x"
    for match in re.finditer(r"<trajectory>(.*?)</trajectory>", text):
        for word in ("radial", "epi", "spiral", "goldenangle", "other"):
            if word != match.group(1):
                yield f"trajectory: {word}", match.start(1), match.end(1), word


def group(path):
    with h5py.File(path) as file:
        return next(k for k in file if isinstance(file[k], h5py.Group) and "xml" in file[k])


def images(folder):
    found = sorted(glob.glob(f"{folder}/**/*part-mag*.nii*", recursive=True))
    files = [nibabel.load(p) for p in found]
    return [(np.abs(np.asarray(file.dataobj, np.float32)), file.affine) for file in files]


def fitted(image, shape):
    """Cropped or padded about its middle."""
    result = np.zeros(shape, np.float32)
    into, out = [], []
    for have, want in zip(image.shape, shape):
        n = min(have, want)
        into.append(slice(want // 2 - n // 2, want // 2 - n // 2 + n))
        out.append(slice(have // 2 - n // 2, have // 2 - n // 2 + n))
    result[tuple(into)] = image[tuple(out)]
    return result


def likeness(right, made):
    """The correlation of two images with their affines, cropped, interpolated to the same matrix or laid upon each other in
    space, whichever fits best."""
    (right, place), (made, other_place) = right, made
    if made.ndim != right.ndim:
        return 0.0
    steps = [h / w for w, h in zip(right.shape, made.shape)]
    starts = [h // 2 - w // 2 * s for w, h, s in zip(right.shape, made.shape, steps)]
    zoomed = ndimage.affine_transform(made, steps, starts, right.shape, order=1)
    way = np.linalg.solve(other_place, place)
    laid = ndimage.affine_transform(made, way[:3, :3], way[:3, 3], right.shape, order=1, mode="nearest")
    others = [other for other in (fitted(made, right.shape), zoomed, laid) if other.std() > 0]
    return max((np.corrcoef(right.ravel(), other.ravel())[0, 1] for other in others), default=0)


def run(kspace, path, out, memory=6 << 30):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    command = [kspace, "reconstruct", path, "-o", out, "--threads", "1", "--progress", "none"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, preexec_fn=limit,
                              env=dict(os.environ, SWIFT_BACKTRACE="enable=no"))
        return done.returncode, done.stderr
    except subprocess.TimeoutExpired:
        return None, "not done after 120 s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scans", nargs="+")
    parser.add_argument("--kspace", required=True)
    parser.add_argument("--count", type=int, default=200, help="changes in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="keeps changed scans that went wrong here")
    options = parser.parse_args()
    kspace = os.path.abspath(options.kspace)
    rng = random.Random(options.seed)
    counts, wrong = {"refused": 0, "right, warned": 0, "right": 0}, []
    for number, scan in enumerate(options.scans):
        with tempfile.TemporaryDirectory() as work:
            code, said = run(kspace, os.path.abspath(scan), f"{work}/right")
            if code != 0:
                sys.exit(f"{scan}: {said}")
            right, routine = images(f"{work}/right"), set(said.splitlines())
            with h5py.File(scan) as file:
                text = file[group(scan)]["xml"][0]
            text = text.decode() if isinstance(text, bytes) else text
            all_changes = list(mutations(text))
            share = options.count // len(options.scans) + (number < options.count % len(options.scans))
            for words, begin, end, new in rng.sample(all_changes, min(share, len(all_changes))):
                changed, out = f"{work}/changed.h5", f"{work}/out"
                shutil.copyfile(scan, changed)
                os.chmod(changed, 0o600)
                with h5py.File(changed, "r+") as file:
                    entry = file[group(scan)]
                    kind = entry["xml"].dtype
                    del entry["xml"]
                    entry.create_dataset("xml", data=np.array([text[:begin] + new + text[end:]], dtype=object), dtype=kind)
                code, said = run(kspace, changed, out)
                lines = [line for line in said.splitlines() if line not in routine]
                found = min((likeness(a, b) for a, b in zip(right, images(out))), default=0) if code == 0 else 0
                if code == 3 and lines:
                    counts["refused"] += 1
                elif code == 0 and found >= 0.95:
                    counts["right, warned" if lines else "right"] += 1
                else:
                    wrong.append(words)
                    print(f"{os.path.basename(scan)}: {words}: exit {code}, correlation {found:.3f}: {' | '.join(lines)[:600]}", flush=True)
                    if options.keep:
                        os.makedirs(options.keep, exist_ok=True)
                        shutil.copyfile(changed, f"{options.keep}/{len(wrong)}_{os.path.basename(scan)}")
                shutil.rmtree(out, ignore_errors=True)
    print(", ".join(f"{n} {what}" for what, n in counts.items()) + f", {len(wrong)} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
