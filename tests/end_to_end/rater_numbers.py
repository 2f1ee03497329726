"""The sample's three raters, fused and compared by the program and in a Slicer scene: the same numbers."""

from __future__ import annotations

import csv
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy
from host import Host, labels, voxels
from one_set_of_numbers import on_grid_of_file, permuted, tilted, write_nifti
from render_raters import load_raters
from testing import IMAGE, PROGRAM, read_nifti, run_tests

RATERS = [IMAGE.parent / f"rater{number}.nii.gz" for number in (1, 2, 3)]
LABELS = (1, 2, 3, 4)


def program(*arguments) -> None:
    """Runs `raterlens`; fails with its own words."""
    run = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if run.returncode != 0:
        raise AssertionError(run.stderr)


def column(table, name: str) -> list[float | None]:
    """Numbers of a table node."""
    values = table.GetTable().GetColumnByName(name)
    found = [values.GetValue(row) for row in range(values.GetNumberOfTuples())]
    return [None if numpy.isnan(value) else value for value in found]


class RatersOneSetOfNumbers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="raterlens-test-")
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)

    def stored(self, change) -> list[Path]:
        """The raters' label maps as files, each array and sform put through `change`."""
        paths = []
        for source in RATERS:
            array, sform = change(*read_nifti(source))
            paths.append(self.dir / source.name)
            write_nifti(paths[-1], numpy.ascontiguousarray(array).astype("int16"), sform)
        return paths

    def check_fusion(self, files: list[Path], method: str) -> None:
        program("fuse", *files, "--method", method, "-o", self.dir / method)
        program("variability", *files, "-o", self.dir / f"{method}-maps")
        host = Host()
        consensus = host.raterlens.FuseRaters(load_raters(host, files), method)
        self.assertIsNotNone(consensus, host.raterlens.GetLastError())
        expected, sform = read_nifti(self.dir / method / "consensus.nii.gz")
        self.assertEqual(sorted(numpy.unique(expected)), [0, *LABELS])
        entropy = host.raterlens.GetEntropyNode(consensus)
        found = on_grid_of_file(labels(consensus), entropy, sform)
        numpy.testing.assert_array_equal(found, expected, err_msg=method)
        nodes = {f"variance_label_{n}": host.raterlens.GetVarianceNode(consensus, f"Label {n}") for n in LABELS}
        for name, node in {**nodes, "entropy": entropy}.items():
            expected, _ = read_nifti(self.dir / f"{method}-maps" / f"{name}.nii.gz")
            found = on_grid_of_file(voxels(node.GetImageData()), node, sform)
            numpy.testing.assert_array_equal(found, expected, err_msg=f"{method}: {name}")

    def test_every_method_as_stored(self):
        files = self.stored(lambda array, sform: (array, sform))
        for method in ("majority", "staple", "mean", "soft-distance"):
            with self.subTest(method):
                self.check_fusion(files, method)

    def test_left_handed_with_axes_exchanged(self):
        self.check_fusion(self.stored(permuted), "majority")

    def test_oblique(self):
        self.check_fusion(self.stored(lambda array, sform: (array, tilted(sform))), "staple")

    def test_the_tables_of_an_agreement(self):
        files = self.stored(lambda array, sform: (array, sform))
        program("agree", *files, "-o", self.dir / "agree")
        host = Host()
        overall = host.raterlens.CompareRaters(load_raters(host, files))
        self.assertIsNotNone(overall, host.raterlens.GetLastError())
        for name in ("overall", "pairs", "raters", "limits_of_agreement", "measurements"):
            table = overall if name == "overall" else host.raterlens.GetTable(overall, name)
            with (self.dir / "agree" / f"{name}.csv").open(newline="") as file:
                rows = list(csv.DictReader(file))
            compared = 0
            for key in rows[0]:
                if table.GetTable().GetColumnByName(key).IsNumeric():
                    expected = [float(row[key]) if row[key] else None for row in rows]
                    self.assertEqual(column(table, key), expected, f"{name}: {key}")
                    compared += sum(value is not None for value in expected)
            self.assertGreater(compared, 8, name)


if __name__ == "__main__":
    run_tests(IMAGE, PROGRAM, *RATERS)
