#!/usr/bin/env python3
"""Anyone's TorchScript network imports, runs with labels on the right side in every orientation, and can be proved.

The networks here label by place in their array, so that a wrong turn of a slice puts a label on the wrong side of the
patient. Needs RATERLENS_PROGRAM; skipped, with the reason, without PyTorch.
"""

from __future__ import annotations

import json
import re
import tempfile
import unittest
import warnings
from pathlib import Path

import support
from support import LPS, ORIENTATIONS, done, numpy, refused, run, torch

warnings.filterwarnings("ignore", category=DeprecationWarning)
ROWS, COLUMNS = 24, 30
#: The same points stored with columns to the right and rows to the front, and with rows and columns exchanged.
RAS = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 4.0, 0.0))
PLS = ((0.0, -1.0, 0.0, 0.0), (-1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 4.0, 0.0))
#: What lies where: rows from front to back, columns from right to left.
QUADRANTS = numpy.array([["front_right", "front_left"], ["back_right", "back_left"]])


class Quadrants(torch.nn.Module):
    """Classes 1 to 4 for the quarters of the array (row by row) where the image is bright."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        n, _, h, w = x.shape
        rows = (torch.arange(h) >= h // 2).view(1, h, 1).to(x.dtype)
        columns = (torch.arange(w) >= w // 2).view(1, 1, w).to(x.dtype)
        bright = (x[:, 0] > 0.5).to(x.dtype)
        quarters = [(1 - rows) * (1 - columns), (1 - rows) * columns, rows * (1 - columns), rows * columns]
        found = torch.stack([bright * quarter for quarter in quarters], dim=1)
        logits = torch.cat([1 - bright[:, None], found], dim=1) * 20.0
        return logits, found * 7.0


class Strips(torch.nn.Module):
    """Class 1 in the first third of the rows, class 2 in that of the columns of the rest, class 3 elsewhere."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        n, _, h, w = x.shape
        top = (torch.arange(h) < h // 3).view(1, h, 1).to(x.dtype)
        side = (torch.arange(w) < w // 3).view(1, 1, w).to(x.dtype)
        bright = (x[:, 0] > 0.5).to(x.dtype)
        found = torch.stack([bright * top, bright * (1 - top) * side, bright * (1 - top) * (1 - side)], dim=1)
        return {"logits": torch.cat([1 - bright[:, None], found], dim=1) * 20.0}


class Plain(torch.nn.Module):
    """Logits only."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.weight = torch.nn.Parameter(torch.ones(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.kind == "random":
            return torch.randn(x.shape[0], 3, x.shape[2], x.shape[3])
        if self.kind == "channels":
            return x.repeat(1, 4, 1, 1)
        if self.kind == "nan":
            return x.repeat(1, 3, 1, 1) / 0.0 - x.repeat(1, 3, 1, 1) / 0.0
        if self.kind == "fails":
            raise ValueError("the moon is in the wrong place")
        return x.repeat(1, 3, 1, 1) * self.weight.view(1, 3, 1, 1)


class Three(torch.nn.Module):
    """One output too many."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y = x.repeat(1, 3, 1, 1)
        return y, y, y


class TorchScript(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="raterlens-test-")
        cls.folder = Path(cls.temporary.name)
        torch.jit.script(Quadrants()).save(str(cls.folder / "quadrants.pt"))
        torch.jit.script(Strips()).save(str(cls.folder / "strips.pt"))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def importing(self, file: str, name: str, labels: str, **changed: str | None):
        options = {
            "--labels": labels,
            "--input-orientation": "LP",
            "--size": f"{ROWS}x{COLUMNS}",
            "--normalisation": "minmax",
            "--resize": "stretch",
            **changed,
        }
        given = [word for key, value in options.items() if value is not None for word in (key, value)]
        place = self.folder / f"{name}.rlmodel"
        return run("model", "import", "--from", "torchscript", self.folder / file, "-o", place, *given)

    def scripted(self, module: torch.nn.Module) -> str:
        torch.jit.script(module).save(str(self.folder / "other.pt"))
        return "other.pt"

    def bright_squares(self) -> tuple[numpy.ndarray, numpy.ndarray]:
        """An image with a square in each quadrant, and the name of what lies there."""
        image = numpy.zeros((1, ROWS, COLUMNS), dtype="float32")
        names = numpy.full(image.shape, "", dtype="<U12")
        for r, c in ((0, 0), (0, 1), (1, 0), (1, 1)):
            # No two of the same size.
            rows = slice(3 + r * ROWS // 2, 6 + r * ROWS // 2 + c)
            columns = slice(4 + c * COLUMNS // 2, 8 + c * COLUMNS // 2 + r)
            image[0, rows, columns] = 1.0
            names[0, rows, columns] = QUADRANTS[r, c]
        return image, names

    def test_labels_are_on_the_right_side_in_every_orientation_of_network_and_image(self):
        image, names = self.bright_squares()
        for orientation in ORIENTATIONS:
            # What the network's array has in its quarters, row by row.
            order = support.as_array(QUADRANTS, orientation).ravel().tolist()
            size = (COLUMNS, ROWS) if orientation[0] in "PA" else (ROWS, COLUMNS)
            options = {"--input-orientation": orientation, "--size": f"{size[0]}x{size[1]}", "--variance-scale": "70"}
            model = self.folder / f"{orientation}.rlmodel"
            done(self.importing("quadrants.pt", orientation, support.labels(tuple(order)), **options))
            # Each network with one way of storing the image, each way at least twice.
            number = ORIENTATIONS.index(orientation) % 3
            srow, stored = ((LPS, image), (RAS, image[:, ::-1, ::-1]), (PLS, image.swapaxes(1, 2)))[number]
            expected = (names, names[:, ::-1, ::-1], names.swapaxes(1, 2))[number]
            support.write_image(self.folder / "image.nii", stored, srow)
            found, maps = support.segment(self.folder / "image.nii", model, self.folder / "case")
            title = numpy.array(["", *order])
            numpy.testing.assert_array_equal(title[found.astype(int)], expected, orientation)
            for name in order:
                numpy.testing.assert_allclose(maps[name], numpy.where(expected == name, 0.1, 0.0), atol=1e-6)

    def test_a_reference_proves_the_choice_or_shows_the_right_one(self):
        truth = numpy.full((2, ROWS, COLUMNS), 3, dtype="float32")
        # The strips as the patient has them: the network saw arrays of orientation PR.
        seen = numpy.full((COLUMNS, ROWS), 30.0)
        seen[: COLUMNS // 3] = 10.0
        seen[COLUMNS // 3 :, : ROWS // 3] = 20.0
        truth[0] = support.from_array(seen, "PR")
        truth[1] = 0.0  # nobody drew here
        image = numpy.ones((2, ROWS, COLUMNS), dtype="float32")
        image[:, 4, 6] = 0.0
        support.write_image(self.folder / "image.nii", image)
        support.write_image(self.folder / "truth.nii", truth)
        reference = ["--reference", self.folder / "image.nii", self.folder / "truth.nii", "--device", "cpu"]
        reference += ["--reference-labels", "10=a,20=b_left,30=c"]
        right = {"--input-orientation": "PR", "--size": f"{COLUMNS}x{ROWS}"}
        done(self.importing("strips.pt", "right", "1=a,2=b_left,3=c", **right))
        text = done(run("model", "check", self.folder / "right.rlmodel", *reference))
        self.assertIn("PROVED on this case", text)
        self.assertIn("1 labelled slices", text)
        rows = re.findall(r"^(?:best|    ).{5} [01]\.\d{4} .*$", text, re.MULTILINE)
        self.assertEqual(len(rows), 8 * 6)
        self.assertRegex(rows[0], r"^best own +0\.99\d\d +PR +a +b_left +c")
        means = [float(row[9:17]) for row in rows]
        self.assertEqual(means, sorted(means, reverse=True))
        self.assertLess(means[1], 0.9)

        wrong = {"--input-orientation": "AL", "--size": f"{COLUMNS}x{ROWS}"}
        done(self.importing("strips.pt", "wrong", "1=c,2=a,3=b_left", **wrong))
        text = done(run("model", "check", self.folder / "wrong.rlmodel", *reference))
        self.assertIn("NOT THE BEST", text)
        self.assertIn("--input-orientation PR --labels 1=a,2=b_left,3=c", text)
        # A reference of something else.
        reference[-1] = "10=x,20=y"
        text = refused(run("model", "check", self.folder / "right.rlmodel", *reference))
        self.assertIn("none of the model's structures", text)

    def test_every_way_of_returning_works_and_is_recorded(self):
        two = "1=a,2=b"
        traced = torch.jit.trace(Plain("plain"), torch.zeros(1, 1, ROWS, COLUMNS))
        traced.save(str(self.folder / "traced.pt"))
        text = done(self.importing("traced.pt", "traced", two, **{"--licence": "MIT"}))
        self.assertIn("code of whoever made it", text)
        manifest = json.loads((self.folder / "traced.rlmodel" / "model.json").read_text())
        self.assertEqual((manifest["kind"], manifest["licence"]), ("torchscript", "MIT"))
        self.assertEqual(manifest["script"], {"variance": False})
        self.assertNotIn("architecture", manifest)
        text = done(run("model", "check", self.folder / "traced.rlmodel", "--device", "cpu"))
        self.assertIn("Loaded      3 parameters", text)
        self.assertIn("Sample", text)
        done(self.importing("quadrants.pt", "tuple", "1=a,2=b,3=c,4=d"))
        manifest = json.loads((self.folder / "tuple.rlmodel" / "model.json").read_text())
        self.assertTrue(manifest["script"]["variance"])

    def test_programs_that_do_not_fit_are_refused_with_the_reason(self):
        two = "1=a,2=b"
        torch.save({"a": torch.zeros(2)}, self.folder / "state.pth")
        for file, reason in (
            (lambda: self.scripted(Plain("random")), "other numbers each time"),
            (lambda: self.scripted(Plain("channels")), "have shape [1, 4, 24, 30], [1, 3, 24, 30] is expected"),
            (lambda: self.scripted(Plain("nan")), "not numbers"),
            (lambda: self.scripted(Plain("fails")), "the moon is in the wrong place"),
            (lambda: self.scripted(Three()), "something else than one or two tensors"),
            (lambda: "state.pth", "torch.jit.save"),
            (lambda: "nowhere.pt", "nowhere.pt"),
        ):
            text = refused(self.importing(file(), "bad", two))
            self.assertIn(reason, text)
            self.assertFalse((self.folder / "bad.rlmodel").exists())
        for option in ("--size", "--normalisation"):
            self.assertIn(option, refused(self.importing("strips.pt", "bad", "1=a,2=b,3=c", **{option: None})))
        text = refused(self.importing("strips.pt", "bad", "1=a,2=b,3=c", **{"--channels": "3"}))
        self.assertIn("--channels", text)

    def test_a_changed_program_is_noticed_before_it_is_loaded(self):
        done(self.importing("strips.pt", "changed", "1=a,2=b,3=c"))
        program = self.folder / "changed.rlmodel" / "model.pt"
        program.write_bytes((self.folder / "quadrants.pt").read_bytes())
        self.assertIn("SHA-256", refused(run("model", "check", self.folder / "changed.rlmodel")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
