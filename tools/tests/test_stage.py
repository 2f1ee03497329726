"""Staging of the build folder."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path

import stage

from tests.test_wheels import environment


class StageTest(unittest.TestCase):
    """On a small source tree."""

    def setUp(self) -> None:
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(environment(CARGO_TARGET_DIR=""))
        self.put("target/release/" + stage.EXECUTABLE, "program").chmod(0o755)
        self.put("models/m.rlmodel/model.json", "{}")
        self.put("samples/demo-lumbar/image.nii.gz", "image")
        self.share = self.root / "build/share/raterlens"

    def put(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def test_everything_is_staged_once(self) -> None:
        self.assertEqual(stage.stage(self.root), 3)
        program = self.root / "build/bin" / stage.EXECUTABLE
        self.assertTrue(os.access(program, os.X_OK))
        self.assertEqual((self.share / "models/m.rlmodel/model.json").read_text(), "{}")
        self.assertEqual((self.share / "sample/image.nii.gz").read_text(), "image")
        self.assertEqual(stage.stage(self.root), 0)

    def test_changes_are_followed(self) -> None:
        stage.stage(self.root)
        self.put("models/m.rlmodel/model.json", "[]")
        (self.root / "samples/demo-lumbar/image.nii.gz").rename(self.root / "samples/demo-lumbar/other.nii.gz")
        self.assertEqual(stage.stage(self.root), 2)
        self.assertEqual((self.share / "models/m.rlmodel/model.json").read_text(), "[]")
        self.assertEqual([path.name for path in (self.share / "sample").iterdir()], ["other.nii.gz"])

    def test_a_missing_program_is_named(self) -> None:
        (self.root / "target/release" / stage.EXECUTABLE).unlink()
        with self.assertRaises(FileNotFoundError):
            stage.stage(self.root)


if __name__ == "__main__":
    unittest.main()
