"""The program, images and layers for the tests of imported models."""

from __future__ import annotations

import os
import subprocess
import sys
from array import array
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests" / "parity"), str(ROOT / "cpp" / "tests")]

import torch_python  # noqa: E402

STAND_INS = Path(os.environ.get("RATERLENS_STAND_INS", ROOT / "build" / "torch-stand-ins"))
torch_python.ensure_torch(STAND_INS)

import nifti_bytes  # noqa: E402
import numpy  # noqa: E402
import torch  # noqa: E402

PROGRAM = os.environ.get("RATERLENS_PROGRAM", str(ROOT / "target" / "release" / "raterlens"))
#: Rows of RAS-from-index of an image stored with columns to the left, rows to the back, slices upwards.
LPS = ((-1.0, 0.0, 0.0, 0.0), (0.0, -1.0, 0.0, 0.0), (0.0, 0.0, 4.0, 0.0))
#: Labels of the program for the four structures, whichever class they are.
STRUCTURES = ("multifidus_right", "multifidus_left", "erector_spinae_right", "erector_spinae_left")
ORIENTATIONS = ("LP", "LA", "RP", "RA", "PL", "PR", "AL", "AR")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the program."""
    command = [PROGRAM, *(str(a) for a in arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    # The program brings its own libtorch.
    environment.pop("LD_LIBRARY_PATH", None)
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def done(result: subprocess.CompletedProcess[str]) -> str:
    """What a run that must succeed printed."""
    assert result.returncode == 0, f"exit code {result.returncode}:\n{result.stdout}\n{result.stderr}"
    return result.stdout


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """What a run that must fail said; it fails with a message, not with a crash."""
    assert result.returncode in (1, 2), f"exit code {result.returncode}:\n{result.stdout}\n{result.stderr}"
    return result.stderr


def labels(order: tuple[str, ...] = STRUCTURES) -> str:
    """The option for classes 1, 2, ... in this order."""
    return ",".join(f"{n}={name}" for n, name in enumerate(order, 1))


def write_image(path: Path, voxels: numpy.ndarray, srow: tuple = LPS) -> None:
    """Writes voxels ``[slice, row, column]``."""
    k, j, i = voxels.shape
    flat = array("f", numpy.ascontiguousarray(voxels, dtype="float32").ravel().tolist())
    nifti_bytes.write_float(path, nifti_bytes.Nifti((i, j, k), [list(row) for row in srow], flat))


def read_voxels(path: Path) -> numpy.ndarray:
    """Voxels ``[slice, row, column]`` as float64."""
    image = nifti_bytes.read(path)
    return numpy.array(image.voxels, dtype="float64").reshape(image.dims[::-1])


def as_array(canonical: numpy.ndarray, orientation: str) -> numpy.ndarray:
    """Slices ``[.., row, column]`` that run to the back and to the left, as an array in another orientation.

    Written apart from the program: axes are named by where they run to, then looked up.
    """
    out = canonical
    if orientation[0] in "PA":
        out = numpy.swapaxes(out, -1, -2)
    if orientation[0] in "RA":
        out = numpy.flip(out, -1)
    if orientation[1] in "RA":
        out = numpy.flip(out, -2)
    return numpy.ascontiguousarray(out)


def from_array(seen: numpy.ndarray, orientation: str) -> numpy.ndarray:
    """The way back of :func:`as_array`."""
    out = seen
    if orientation[0] in "RA":
        out = numpy.flip(out, -1)
    if orientation[1] in "RA":
        out = numpy.flip(out, -2)
    if orientation[0] in "PA":
        out = numpy.swapaxes(out, -1, -2)
    return numpy.ascontiguousarray(out)


def segment(image: Path, model: Path, out: Path) -> tuple[numpy.ndarray, dict[str, numpy.ndarray]]:
    """Labels and variance maps that the program writes, as ``[slice, row, column]``."""
    done(run("segment", image, "--model", model, "--device", "cpu", "-o", out, "--force"))
    maps = {
        p.name.removeprefix("variance_").removesuffix(".nii.gz"): read_voxels(p) for p in out.glob("variance_*.nii.gz")
    }
    return read_voxels(out / "labels.nii.gz"), maps


__all__ = ["numpy", "torch"]
