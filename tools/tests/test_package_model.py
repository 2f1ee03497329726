"""A model package with another name, licence and card."""

from __future__ import annotations

import hashlib
import json
import tempfile
import unittest
from pathlib import Path

import package_model


class PackageTest(unittest.TestCase):
    """From a made-up package."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.model = self.folder / "run.rlmodel"
        self.model.mkdir()
        (self.model / "weights.safetensors").write_bytes(b"numbers")
        weights = {"file": "weights.safetensors", "sha256": hashlib.sha256(b"numbers").hexdigest()}
        manifest = {"name": "run", "licence": "?", "description": "?", "kept": 1, "weights": weights}
        (self.model / "model.json").write_text(json.dumps(manifest), encoding="utf-8")

    def test_name_licence_and_checksums_are_new_and_the_rest_stays(self) -> None:
        out = self.folder / "good.rlmodel"
        package_model.package(self.model, out, "Apache-2.0", "Muscles.", "# Card")
        manifest = json.loads((out / "model.json").read_text(encoding="utf-8"))
        self.assertEqual([manifest[k] for k in ("name", "licence", "kept")], ["good", "Apache-2.0", 1])
        for line in (out / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
            digest, name = line.split("  ")
            self.assertEqual(digest, hashlib.sha256((out / name).read_bytes()).hexdigest())
        self.assertEqual((out / "README.md").read_text(encoding="utf-8"), "# Card")

    def test_damaged_weights_and_a_folder_that_is_there_are_refused(self) -> None:
        (self.model / "weights.safetensors").write_bytes(b"other")
        for out in (self.folder / "bad.rlmodel", self.model, self.folder / "noname"):
            with self.assertRaises(SystemExit):
                package_model.package(self.model, out, "x", "x", "x")
            self.assertEqual((out / "README.md").exists(), False)


if __name__ == "__main__":
    unittest.main()
