"""What the tests share: their inputs, and a loud skip when one is missing."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy

MODEL = Path(os.environ.get("RATERLENS_TEST_MODEL", "no-model"))
IMAGE = Path(os.environ.get("RATERLENS_TEST_IMAGE", "no-image"))
PROGRAM = Path(os.environ.get("RATERLENS_PROGRAM", "no-program"))
OUTPUT = Path(os.environ.get("RATERLENS_TEST_OUTPUT", tempfile.gettempdir()))

STRUCTURES = ("multifidus_right", "multifidus_left", "erector_spinae_right", "erector_spinae_left")


def run_tests(*needed: Path) -> None:
    """Runs the tests of the calling file, or exits with 77 (skipped) when an input is missing."""
    for path in needed:
        if not path.exists():
            print(f"skipped: there is no {path}")
            sys.exit(77)
    unittest.main(verbosity=2)


def run_program(image: Path, out: Path) -> Path:
    """Segments `image` with the command-line program; returns the folder of the case."""
    command = [PROGRAM, "segment", image, "--model", MODEL, "--device", "cpu", "-o", out]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise AssertionError(f"the program failed: {result.stderr}")
    return next(path.parent for path in sorted(out.rglob("labels.nii.gz")))


def read_nifti(path: Path) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Voxels [k, j, i] in their stored type and the 4x4 sform of a little-endian NIfTI-1 file.

    A reader of its own: neither ours nor Slicer's, so that the two can be compared with it.
    """
    data = gzip.decompress(path.read_bytes())
    dims = struct.unpack_from("<8h", data, 40)[1:4]
    types = {2: "<u1", 4: "<i2", 8: "<i4", 16: "<f4", 512: "<u2"}
    dtype = numpy.dtype(types[struct.unpack_from("<h", data, 70)[0]])
    offset = int(struct.unpack_from("<f", data, 108)[0])
    sform = numpy.array([*struct.unpack_from("<12f", data, 280), 0, 0, 0, 1], dtype=float).reshape(4, 4)
    return numpy.frombuffer(data, dtype, numpy.prod(dims), offset).reshape(dims[::-1]), sform
