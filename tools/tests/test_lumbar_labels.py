"""The study of label maps without images."""

from __future__ import annotations

import csv
import json
import tempfile
import unittest
from pathlib import Path

from studies import lumbar_labels


class Filters(unittest.TestCase):
    """Undoing PNG's filters, by hand."""

    def test_each_filter(self) -> None:
        rows = [
            [0, 10, 20, 30],  # none
            [1, 10, 10, 10],  # left: 10 20 30
            [2, 1, 1, 1],  # above: 11 21 31
            [3, 5, 5, 5],  # mean of left (0) and above (11) rounded down, 5 added: 10; (10 + 21) / 2: 20; 30
            [4, 1, 1, 1],  # Paeth: 10 + 1; of left 11, above 20, corner 10 above is nearest to 21: 21; 31
        ]
        raw = bytes(value for row in rows for value in row)
        expected = [[10, 20, 30], [10, 20, 30], [11, 21, 31], [10, 20, 30], [11, 21, 31]]
        self.assertEqual(lumbar_labels.unfilter(raw, 3, 5), bytes(v for row in expected for v in row))


class Describe(unittest.TestCase):
    """Two maps of one pair and one of nobody else."""

    def setUp(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.data, self.study = folder / "data", folder / "study"
        pixels = bytes([0, 50, 100, 150, 200, 0])
        for name in ("T1/a.png", "T1/b.png", "T2/c.png"):
            path = self.data / "l4l5_labels" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            lumbar_labels.write_grey(path, 3, 2, pixels)
        pairs = [{"T1": "l4l5_labels/T1/b.png", "T2": "l4l5_labels/T2/c.png"}]
        manifest = {"part_2": {"pairs": pairs}}
        (self.data / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    def test_pairs_are_one_subject_and_labels_are_those_of_raterlens(self) -> None:
        self.assertEqual(lumbar_labels.describe(self.data, self.study), 3)
        with (self.study / "cases.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        subjects = {row["case"]: row["subject"] for row in rows}
        self.assertEqual(subjects, {"T1-a": "T1-a", "T1-b": "pair000", "T2-c": "pair000"})
        raters = [name for name in rows[0] if name.startswith("rater:")]
        self.assertEqual(raters, ["rater:Reading"])
        width, height, pixels = lumbar_labels.read_grey(self.study / rows[0][raters[0]])
        self.assertEqual((width, height, list(pixels)), (3, 2, [0, 3, 1, 2, 4, 0]))

    def test_unknown_values_are_refused(self) -> None:
        lumbar_labels.write_grey(self.data / "l4l5_labels/T1/d.png", 1, 1, bytes([7]))
        with self.assertRaises(SystemExit):
            lumbar_labels.describe(self.data, self.study)


if __name__ == "__main__":
    unittest.main()
