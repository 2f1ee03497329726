"""The C++ wrapper and the command-line program give the same labels, voxel for voxel.

Each image is labelled by the program (which reads the file itself) and through the wrapper
(which gets voxels and geometry from the independent reader in `nifti_bytes.py`).
"""

import argparse
import math
import subprocess
import sys
import tempfile
from array import array
from pathlib import Path

import nifti_bytes

SKIPPED = 77


def phantom() -> nifti_bytes.Nifti:
    """An image stored in sagittal order (i to posterior, j to superior, k to the right)."""
    dims = (72, 40, 48)
    voxels = array("f")
    for k in range(dims[2]):
        for j in range(dims[1]):
            for i in range(dims[0]):
                x, y = k / dims[2] - 0.5, i / dims[0] - 0.5
                body = 400.0 if x * x / 0.2 + y * y / 0.15 < 1.0 else 20.0
                column = 250.0 if math.hypot(x, y + 0.1) < 0.12 else 0.0
                voxels.append(body - column + 40.0 * y + j)
    srow = [[0.0, 0.0, 3.0, -70.0], [-2.5, 0.0, 0.0, 90.0], [0.0, 5.0, 0.0, -100.0]]
    return nifti_bytes.Nifti(dims, srow, voxels)


def program_labels(args: argparse.Namespace, image: Path, folder: Path) -> list[int]:
    """Labels written by the program."""
    command = [args.program, "segment", image, "--model", args.model, "--device", "cpu", "-o", folder]
    subprocess.run([str(part) for part in command], check=True)
    found = sorted(folder.rglob("labels.nii.gz"))
    if len(found) != 1:
        raise SystemExit(f"the program wrote {len(found)} label maps instead of one")
    return list(nifti_bytes.read(found[0]).voxels)


def wrapper_labels(args: argparse.Namespace, image: Path, folder: Path) -> list[int]:
    """Labels given by the wrapper."""
    nifti = nifti_bytes.read(image)
    raw, out = folder / "voxels.raw", folder / "labels.raw"
    raw.write_bytes(array("f", nifti.voxels).tobytes())
    command = [args.tool, args.model, raw, out, *nifti.geometry_arguments()]
    subprocess.run([str(part) for part in command], check=True)
    labels = array("H")
    labels.frombytes(out.read_bytes())
    return list(labels)


def compare(args: argparse.Namespace, image: Path, folder: Path) -> bool:
    """Whether both agree; says how."""
    ours = wrapper_labels(args, image, folder)
    theirs = program_labels(args, image, folder / "case")
    different = sum(a != b for a, b in zip(ours, theirs, strict=True))
    labelled = sum(label != 0 for label in ours)
    print(f"{image.name}: {different} of {len(ours)} voxels differ, {labelled} are labelled")
    return different == 0


def main() -> int:
    """Runs the comparison; 77 = skipped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--tool", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--image", type=Path, action="append", default=[])
    args = parser.parse_args()
    for what, path in [("program", args.program), ("model package", args.model)]:
        if not path.exists():
            print(f"skipped: there is no {what} at '{path}'")
            return SKIPPED
    agree = True
    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "phantom.nii"
        nifti_bytes.write_float(made, phantom())
        for number, image in enumerate([made, *args.image]):
            if not image.exists():
                print(f"skipped: there is no image at '{image}'")
                continue
            folder = Path(name) / str(number)
            folder.mkdir()
            agree = compare(args, image, folder) and agree
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
