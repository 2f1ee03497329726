"""One image, stored in several ways, through the command line, the C++ library and a Slicer scene: the same numbers."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy
from host import Host, labels, ras_from_ijk, voxels
from testing import IMAGE, MODEL, PROGRAM, STRUCTURES, read_nifti, run_program, run_tests

TOOL = Path(os.environ.get("RATERLENS_LABEL_TOOL", "no-tool"))


def write_nifti(path: Path, stored: numpy.ndarray, sform: numpy.ndarray, slope=1.0, inter=0.0) -> None:
    """Writes int16 or float32 voxels [k, j, i] with an sform, by no code of ours or Slicer's."""
    code, bits = {"int16": (4, 16), "float32": (16, 32)}[stored.dtype.name]
    header = bytearray(352)
    spacing = numpy.linalg.norm(sform[:3, :3], axis=0)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *stored.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, code, bits)
    struct.pack_into("<8f", header, 76, 1.0, *spacing, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352.0, slope, inter)
    header[123] = 2
    struct.pack_into("<2h", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, *sform[:3].ravel())
    header[344:348] = b"n+1\0"
    path.write_bytes(gzip.compress(bytes(header) + numpy.ascontiguousarray(stored).tobytes(), 1))


def permuted(image: numpy.ndarray, sform: numpy.ndarray):
    """The same image with its array axes exchanged and one of them reversed: i is the old k reversed.

    The result is left-handed when the image was right-handed.
    """
    moved = image.transpose(1, 2, 0)[:, :, ::-1]  # new k, j, i are the old j, i, k
    old_from_new = numpy.zeros((4, 4))
    old_from_new[2, 0], old_from_new[2, 3] = -1, image.shape[0] - 1
    old_from_new[0, 1] = old_from_new[1, 2] = old_from_new[3, 3] = 1
    return moved, sform @ old_from_new


def on_grid_of_file(array: numpy.ndarray, volume, sform: numpy.ndarray) -> numpy.ndarray:
    """An array [k, j, i] of Slicer's in the file's order: Slicer reverses an axis of left-handed files on loading."""
    file_from_scene = numpy.linalg.inv(sform) @ numpy.array(ras_from_ijk(volume))
    turn = numpy.rint(file_from_scene[:3, :3]).astype(int)
    scene_axis = [int(numpy.flatnonzero(turn[axis])[0]) for axis in range(3)]
    moved = array.transpose([2 - scene_axis[2 - axis] for axis in range(3)])
    reversed_axes = [2 - axis for axis in range(3) if turn[axis, scene_axis[axis]] < 0]
    return numpy.flip(moved, reversed_axes)


def tilted(sform: numpy.ndarray) -> numpy.ndarray:
    """The grid turned by 12 degrees about the patient's left-right axis."""
    angle = numpy.radians(12)
    turn = numpy.eye(4)
    turn[1:3, 1:3] = [[numpy.cos(angle), -numpy.sin(angle)], [numpy.sin(angle), numpy.cos(angle)]]
    return turn @ sform


class OneSetOfNumbers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stored, cls.sform = read_nifti(IMAGE)
        cls.image = stored.astype("int16")
        cls.folder = tempfile.TemporaryDirectory(prefix="raterlens-test-")
        cls.dir = Path(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def check(self, name: str, stored, sform, slope=1.0, inter=0.0):
        path = self.dir / f"{name}.nii.gz"
        write_nifti(path, stored, sform, slope, inter)
        case = run_program(path, self.dir / name)
        from_program, _ = read_nifti(case / "labels.nii.gz")
        self.assertGreater((from_program > 0).sum(), 1000)
        self.check_scene(path, case, from_program)
        values = (stored.astype("float64") * slope + inter).astype("float32")
        self.check_library(values, case, from_program)
        return from_program

    def check_scene(self, path: Path, case: Path, from_program):
        host = Host()
        volume = host.load_volume(path)
        segmentation = host.raterlens.Segment(volume, str(MODEL), "cpu")
        self.assertIsNotNone(segmentation, host.raterlens.GetLastError())
        _, sform = read_nifti(case / "labels.nii.gz")
        numpy.testing.assert_array_equal(on_grid_of_file(labels(segmentation), volume, sform), from_program)
        for structure in STRUCTURES:
            expected, _ = read_nifti(case / f"variance_{structure}.nii.gz")
            node = host.raterlens.GetVarianceNode(segmentation, structure)
            found = on_grid_of_file(voxels(node.GetImageData()), node, sform)
            numpy.testing.assert_array_equal(found, expected, err_msg=structure)

    def check_library(self, values, case: Path, from_program):
        _, sform = read_nifti(case / "labels.nii.gz")
        lps = numpy.diag([-1, -1, 1, 1]) @ sform
        spacing = numpy.linalg.norm(lps[:3, :3], axis=0)
        raw, out = self.dir / "voxels.raw", self.dir / "labels.raw"
        raw.write_bytes(values.tobytes())
        numbers = [*spacing, *lps[:3, 3], *(lps[:3, :3] / spacing).ravel()]
        grid = [*map(str, values.shape[::-1]), *(repr(float(number)) for number in numbers)]
        subprocess.run([TOOL, MODEL, raw, out, *grid], check=True)
        numpy.testing.assert_array_equal(numpy.fromfile(out, "<u2").reshape(values.shape), from_program)

    def test_as_it_is(self):
        self.check("plain", self.image, self.sform)

    def test_axes_exchanged_and_reversed_give_the_same_physical_labels(self):
        plain = self.check("reference", self.image, self.sform)
        moved, sform = permuted(self.image, self.sform)
        from_moved = self.check("permuted", moved, sform)
        numpy.testing.assert_array_equal(from_moved, plain.transpose(1, 2, 0)[:, :, ::-1])

    def test_oblique(self):
        self.check("oblique", self.image, tilted(self.sform))

    def test_slope_and_intercept(self):
        self.check("scaled", self.image, self.sform, slope=0.5, inter=-8.0)

    def test_floats(self):
        self.check("float", self.image.astype("float32"), self.sform)


if __name__ == "__main__":
    run_tests(MODEL / "model.json", IMAGE, PROGRAM, TOOL)
