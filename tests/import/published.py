#!/usr/bin/env python3
"""A state dict with the authors' names, shapes and kinds of number imports, and predicts what PyTorch predicts.

Random weights in a small network of the published layout. Logits, and labels and variance maps of the program in
several orientations, against PyTorch in float64; what does not fit is refused with every difference named. Needs
RATERLENS_PROGRAM and, for the logits, RATERLENS_PARITY; skipped, with the reason, without PyTorch.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import unittest
from collections import OrderedDict
from pathlib import Path

import support
from support import STRUCTURES, done, labels, numpy, refused, run, torch

PARITY = Path(os.environ.get("RATERLENS_PARITY", support.ROOT / "target" / "release" / "examples" / "parity"))

import published_layout  # noqa: E402
import safetensors_io  # noqa: E402

SIZE = (64, 48)
SLICES = 1
TOLERANCE = 1e-5
#: Class 1 is the left erector spinae, and so on.
ORDER = ("erector_spinae_left", "multifidus_right", "erector_spinae_right", "multifidus_left")


class Published(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="raterlens-test-")
        cls.folder = Path(cls.temporary.name)
        cls.net = published_layout.network(SIZE, seed=5)
        cls.state = published_layout.state_dict(cls.net)
        torch.save(cls.state, cls.folder / "weights.pth")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def importing(self, name: str, file: Path | None = None, **changed: str | None):
        options = {
            "--labels": labels(ORDER),
            "--input-orientation": "LP",
            "--size": f"{SIZE[0]}x{SIZE[1]}",
            "--network-size": "tiny",
            **changed,
        }
        given = [word for key, value in options.items() if value is not None for word in (key, value)]
        source = file or self.folder / "weights.pth"
        return run(
            "model", "import", "--from", "paraspinal-muscle-seg", source, "-o", self.folder / f"{name}.rlmodel", *given
        )

    def predicted(self, seen: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Logits and variance of PyTorch for one array of the network's size, scaled to [0, 1]."""
        x = torch.from_numpy(seen.astype("float64"))
        x = (x - x.min()) / (x.max() - x.min())
        with torch.no_grad():
            logits, variance = self.net(x[None, None])
        return logits[0].numpy(), variance[0].numpy()

    def check_orientation(self, orientation: str, model: Path, scale: float = 1.0):
        rows, columns = SIZE[::-1] if orientation[0] in "PA" else SIZE
        image = numpy.random.default_rng(3).random((SLICES, rows, columns)).astype("float32")
        support.write_image(self.folder / "image.nii", image)
        found, maps = support.segment(self.folder / "image.nii", model, self.folder / f"case-{orientation}")
        for k in range(SLICES):
            seen = support.as_array(image[k], orientation)
            logits, variance = self.predicted(seen)
            logits = support.from_array(logits, orientation)
            variance = support.from_array(variance, orientation) / scale
            ids = numpy.array([0] + [STRUCTURES.index(name) + 1 for name in ORDER])
            expected = ids[logits.argmax(0)]
            two = numpy.sort(logits, axis=0)[-2:]
            clear = two[1] - two[0] > 10 * TOLERANCE
            self.assertGreater(clear.mean(), 0.99)
            numpy.testing.assert_array_equal(found[k][clear], expected[clear], orientation)
            self.assertGreater(len(numpy.unique(expected)), 2)
            for n, name in enumerate(ORDER):
                self.assertTrue(variance[n].min() > 0 and variance[n].max() < 0.25)
                self.assertGreater(numpy.ptp(variance[n]), 100 * TOLERANCE / scale)
                difference = abs(maps[name][k] - variance[n]).max()
                self.assertLessEqual(difference, TOLERANCE, f"{name} {orientation}")

    def test_the_weights_are_the_same_numbers_and_the_logits_those_of_pytorch(self):
        done(self.importing("logits"))
        weights = safetensors_io.load(self.folder / "logits.rlmodel" / "weights.safetensors")
        expected = {k: v for k, v in self.net.state_dict().items() if v.dtype == torch.float64}
        self.assertEqual(set(weights), set(expected))
        for name, value in expected.items():
            self.assertTrue(torch.equal(weights[name], value.float()), name)
        if not PARITY.is_file():
            self.skipTest(f"no program {PARITY.name}, the logits were not compared: build the example of raterlens-nn")
        architecture = json.loads((self.folder / "logits.rlmodel" / "model.json").read_text())["architecture"]
        facts = {"architecture": json.dumps(architecture), "structures": "4", "size": json.dumps(SIZE)}
        facts |= {"mode": "evaluation", "precision": "single"}
        x = torch.rand((2, 1, *SIZE), generator=torch.Generator().manual_seed(8))
        given, found = self.folder / "in.safetensors", self.folder / "out.safetensors"
        safetensors_io.save(given, {"input": x, **{f"weight.{k}": v for k, v in weights.items()}}, facts)
        environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
        subprocess.run([PARITY, "run", given, found], check=True, env=environment)
        with torch.no_grad():
            logits, variance = self.net(x.double())
        outputs = safetensors_io.load(found)
        self.assertLessEqual(float((outputs["logits"] - logits).abs().max()), TOLERANCE)
        self.assertLessEqual(float((outputs["variance"] - variance).abs().max()), TOLERANCE)

    def test_predictions_are_those_of_pytorch(self):
        """In a third of the orientations; ``torchscript.py`` has all."""
        for orientation in ("LP", "RA", "PR"):
            with self.subTest(orientation):
                done(self.importing(orientation, **{"--input-orientation": orientation}))
                self.check_orientation(orientation, self.folder / f"{orientation}.rlmodel")

    def test_the_scale_divides_the_variance(self):
        done(self.importing("scaled", **{"--variance-scale": "4"}))
        self.check_orientation("LP", self.folder / "scaled.rlmodel", scale=4.0)

    def test_the_package_keeps_what_was_said_and_what_nobody_has_verified(self):
        text = done(self.importing("said", **{"--input-orientation": "RA", "--variance-scale": "70"}))
        folder = self.folder / "said.rlmodel"
        manifest = json.loads((folder / "model.json").read_text())
        self.assertEqual(manifest["input"]["orientation"], "axial-ras")
        self.assertEqual([s["name"] for s in manifest["label_scheme"]], list(ORDER))
        self.assertEqual([s["id"] for s in manifest["label_scheme"]], [STRUCTURES.index(n) + 1 for n in ORDER])
        self.assertEqual(manifest["variance"]["scale"], 70.0)
        self.assertEqual((manifest["input"]["normalisation"], manifest["input"]["resize"]), ("minmax", "stretch"))
        self.assertEqual(manifest["architecture"]["decoder"]["dropout"], 0.18)
        self.assertEqual(manifest["licence"], "Apache-2.0")
        card = (folder / "README.md").read_text()
        info = done(run("model", "info", folder))
        count = sum(p.numel() for p in self.net.parameters())
        self.assertIn(f"{count:,}".replace(",", " "), info)
        self.assertGreaterEqual(len(manifest["unverified"]), 4)
        for sentence in manifest["unverified"]:
            for place in (text, card, info):
                self.assertIn(sentence, place)
        self.assertNotIn(str(self.folder), json.dumps(manifest) + card)

    def test_weights_saved_from_data_parallel_or_in_a_checkpoint_are_the_same_weights(self):
        prefixed = OrderedDict((f"module.{name}", value) for name, value in self.state.items())
        torch.save({"epoch": 3, "state_dict": prefixed}, self.folder / "parallel.pth")
        done(self.importing("plain"))
        done(self.importing("parallel", self.folder / "parallel.pth"))
        weights = [
            (self.folder / f"{name}.rlmodel" / "weights.safetensors").read_bytes() for name in ("plain", "parallel")
        ]
        self.assertEqual(*weights)

    def test_every_difference_is_named_at_once(self):
        state = OrderedDict(self.state)
        del state["decoder1.conv_more.0.weight"], state["transformer.encoder2.encoder_norm.bias"]
        state["decoder3.conv_more.0.weight"] = torch.zeros(2, 2)
        state["segmentation_head1.0.bias"] = torch.zeros(6, dtype=torch.float64)
        state["segmentation_head2.0.bias"] = torch.zeros(4, dtype=torch.int64)
        torch.save(state, self.folder / "wrong.pth")
        text = refused(self.importing("wrong", self.folder / "wrong.pth"))
        for part in (
            "missing in the file (2)",
            "segmentation.decoder.entry.conv.weight",
            "variance.transformer.norm.bias",
            "left over in the file (1)",
            "decoder3.conv_more.0.weight",
            "of another shape (2)",
            "segmentation_head1.0.bias is [6] of float64, not [5]",
            "segmentation_head2.0.bias is [4] of int64",
        ):
            self.assertIn(part, text)
        self.assertFalse((self.folder / "wrong.rlmodel").exists())

    def test_the_published_size_is_the_default(self):
        text = refused(self.importing("base", **{"--network-size": None, "--size": None}))
        self.assertIn("segmentation.transformer.layer11.query.weight", text)

    def test_nothing_is_assumed_silently(self):
        for option in ("--labels", "--input-orientation"):
            self.assertIn(option, refused(self.importing("silent", **{option: None})))
        for wrong in (
            labels(STRUCTURES[:3]),
            labels((*STRUCTURES[:3], "psoas_left")),
            "1=multifidus_left,3=multifidus_right",
            "x",
        ):
            refused(self.importing("silent", **{"--labels": wrong}))
        for option, wrong in (("--input-orientation", "LR"), ("--variance-scale", "0"), ("--variance-scale", "nan")):
            refused(self.importing("silent", **{option: wrong}))
        self.assertFalse((self.folder / "silent.rlmodel").exists())

    def test_an_existing_package_is_not_touched(self):
        place = self.folder / "taken.rlmodel"
        place.mkdir()
        (place / "notes.txt").write_text("mine")
        self.assertIn("already", refused(self.importing("taken")))
        self.assertEqual([p.name for p in place.iterdir()], ["notes.txt"])

    def test_numbers_that_are_none_are_refused_and_nothing_is_left_behind(self):
        for value in (float("nan"), 1e300):
            state = OrderedDict(self.state)
            name = "decoder2.blocks.3.conv2.0.weight"
            state[name] = torch.full_like(state[name], value)
            torch.save(state, self.folder / "nan.pth")
            self.assertIn(name, refused(self.importing("nan", self.folder / "nan.pth")))
            self.assertEqual([p.name for p in self.folder.iterdir() if "nan" in p.name], ["nan.pth"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
