"""The study of the Dixon subject."""

from __future__ import annotations

import csv
import gzip
import struct
import tempfile
import unittest
from pathlib import Path

from studies import lumbar_dixon


def labels(values: list) -> bytes:
    """A NIfTI file of 16-bit numbers, as far as the tool looks at it."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<h", header, 70, 4)
    struct.pack_into("<fff", header, 108, 352.0, 1.0, 0.0)
    header[300] = 77  # somewhere else: stays
    return gzip.compress(bytes(header) + struct.pack(f"<{len(values)}h", *values))


class DescribeTest(unittest.TestCase):
    """Water and fat of one subject."""

    def setUp(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data, self.study = folder / "data", folder / "study"
        (self.data / "dixon_3d").mkdir(parents=True)
        for name in ("X1_water", "X1_fat"):
            (self.data / "dixon_3d" / f"{name}.nii.gz").write_bytes(b"")
            (self.data / "dixon_3d" / f"{name}_rater1.nii.gz").write_bytes(labels([0, 1, 2, 3, 4]))

    def test_labels_change_and_nothing_else(self) -> None:
        self.assertEqual(lumbar_dixon.describe(self.data, self.study), 2)
        with (self.study / "cases.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([row["case"] for row in rows], ["X1_fat", "X1_water"])
        self.assertEqual({row["subject"] for row in rows}, {"X1"})
        self.assertTrue((self.study / rows[0]["image"]).is_file())
        data = gzip.decompress((self.study / rows[0]["rater:Manual"]).read_bytes())
        self.assertEqual(struct.unpack("<5h", data[352:]), (0, 3, 1, 2, 4))
        self.assertEqual(data[300], 77)

    def test_unknown_labels_are_refused(self) -> None:
        (self.data / "dixon_3d" / "X1_fat_rater1.nii.gz").write_bytes(labels([5]))
        with self.assertRaises(SystemExit):
            lumbar_dixon.describe(self.data, self.study)


if __name__ == "__main__":
    unittest.main()
