"""ITK-SNAP workspaces as input and output of the program, opened by ITK-SNAP's own Python library, too."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy
from testing import IMAGE, MODEL, PROGRAM, read_nifti, run_tests

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("RATERLENS_ITKSNAP_PYTHON", ROOT / ".cache/itksnap-venv/bin/python"))
RATERS = {"Ann Å": "rater1.nii.gz", "Ben": "rater2.nii.gz", "Cid": "rater3.nii.gz"}
#: ITK-SNAP's library reads a workspace with every image in it: role, nickname, shape and largest value of each layer.
READ_ALL = """
import sys, json, SimpleITK
from itksnap_dss.itksnap_ws import WorkspaceWrapper
ws = WorkspaceWrapper(sys.argv[1])
out = []
for n in range(ws.get_number_of_layers()):
    layer = ws.get_layer_folder(n)
    image = SimpleITK.ReadImage(ws.get_layer_actual_path(layer))
    nickname = layer["LayerMetaData.CustomNickName"].get("")
    out.append([layer["Role"].get(), nickname, image.GetSize(), float(SimpleITK.GetArrayFromImage(image).max())])
print(json.dumps(out))
"""
#: It adds a layer, gives nicknames and a tag, and saves.
CHANGE = """
import sys
from itksnap_dss.itksnap_ws import WorkspaceWrapper
ws = WorkspaceWrapper(sys.argv[1])
key = ws.add_layer("SegmentationRole", sys.argv[2])
ws.set_layer_nickname(key, "Dee")
ws.add_tag(ws.get_layer_folder_by_key(key), "fourth")
ws.save_workspace(sys.argv[1])
"""

#: It replaces the label table by a label description file.
NAME = """
import sys
from itksnap_dss.itksnap_ws import WorkspaceWrapper
ws = WorkspaceWrapper(sys.argv[1])
ws.set_labels(sys.argv[2])
ws.save_workspace(sys.argv[1])
"""


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs `raterlens`."""
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)


def itksnap_python(code: str, *arguments: object) -> str:
    """Runs Python code with ITK-SNAP's own packages."""
    run = subprocess.run([PYTHON, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return run.stdout


class Workspaces(unittest.TestCase):
    """What a rater does with workspaces."""

    def setUp(self) -> None:
        self.dir = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="raterlens test "))) / "Fälle 1"
        self.dir.mkdir()
        for name in ("image.nii.gz", *RATERS.values()):
            shutil.copy(IMAGE.parent / name, self.dir)
        layers = [word for name, file in RATERS.items() for word in ("--segmentation", f"{name}={self.dir / file}")]
        self.workspace = self.dir / "my case.itksnap"
        names = ("--labels", MODEL / "model.json")
        self.run_program("workspace", "create", self.dir / "image.nii.gz", "-o", self.workspace, *layers, *names)

    def run_program(self, *arguments: object) -> str:
        """Runs the program, which must succeed, and returns its remarks."""
        run = program(*arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stderr

    def refused(self, *arguments: object) -> str:
        """Runs the program, which must refuse, and returns its reason."""
        run = program(*arguments)
        self.assertEqual(run.returncode, 1, run.stdout)
        return run.stderr

    def show(self, workspace: Path) -> dict[str, list[dict[str, object]]]:
        """What the program finds in a workspace."""
        return json.loads(program("workspace", "show", workspace, "--json").stdout)

    def titles(self, workspace: Path) -> list[str]:
        """Names of its layers; all their files must be there."""
        layers = self.show(workspace)["layers"]
        self.assertTrue(all(layer["exists"] for layer in layers), layers)
        return [str(layer["title"]) for layer in layers]

    def same_maps(self, one: Path, other: Path) -> None:
        """Two folders have the same NIfTI files, voxel for voxel."""
        names = sorted(path.name for path in one.glob("*.nii.gz"))
        self.assertEqual(names, sorted(path.name for path in other.glob("*.nii.gz")))
        self.assertTrue(names)
        for name in names:
            numpy.testing.assert_array_equal(read_nifti(one / name)[0], read_nifti(other / name)[0], name)

    def test_the_layers_are_the_raters(self) -> None:
        files = [f"{name}={self.dir / file}" for name, file in RATERS.items()]
        self.run_program("workspace", "labels", self.workspace, "-o", self.dir / "labels.txt")
        labels = ["--labels", self.dir / "labels.txt"]
        for command in ("fuse", "variability"):
            self.run_program(command, self.workspace, "-o", self.dir / f"{command} a")
            self.run_program(command, *files, *labels, "-o", self.dir / f"{command} b")
            self.same_maps(self.dir / f"{command} a", self.dir / f"{command} b")
        self.run_program("agree", self.workspace, "-o", self.dir / "agree a")
        self.run_program("agree", *files, *labels, "--image", self.dir / "image.nii.gz", "-o", self.dir / "agree b")
        for table in ("overall.csv", "pairs.csv", "raters.csv", "measurements.csv"):
            self.assertEqual(
                (self.dir / "agree a" / table).read_text(), (self.dir / "agree b" / table).read_text(), table
            )
        self.assertIn("Ann Å", (self.dir / "agree a/raters.csv").read_text())

        self.assertEqual(self.titles(self.dir / "fuse a/workspace.itksnap"), ["image", *RATERS, "Consensus (majority)"])
        found = self.titles(self.dir / "variability a/workspace.itksnap")
        structures = ("Right multifidus", "Left multifidus", "Right erector spinae", "Left erector spinae")
        self.assertEqual(found, ["image", *RATERS, *(f"Variance of raters: {name}" for name in structures)])

    def test_a_consensus_is_no_rater(self) -> None:
        self.run_program("fuse", self.workspace, "-o", self.dir / "one")
        fused = self.dir / "one/workspace.itksnap"
        remarks = self.run_program("fuse", fused, "-o", self.dir / "two")
        self.assertIn("'Consensus (majority)' was computed by RaterLens and is not taken for a rater", remarks)
        self.same_maps(self.dir / "one", self.dir / "two")

    def test_what_another_program_wrote_stays(self) -> None:
        fourth = self.dir / "ännä.nii.gz"
        shutil.copy(self.dir / RATERS["Ben"], fourth)
        itksnap_python(CHANGE, self.workspace, fourth)
        text = self.workspace.read_text().replace(
            "<registry>", '<registry>\n  <entry key="Future" value="kept &amp; ü" />', 1
        )
        self.workspace.write_text(text)
        case = self.dir / "case"
        remarks = self.run_program("segment", self.workspace, "-o", case, "--model", MODEL, "--device", "cpu")
        copy = case / "workspace.itksnap"
        self.assertIn('value="kept &amp; ü"', copy.read_text())
        self.assertEqual(self.workspace.read_text(), text)
        layers = self.show(copy)["layers"]
        self.assertEqual([layer["title"] for layer in layers[:5]], ["image", *RATERS, "Dee"])
        self.assertEqual(layers[4]["tags"], ["fourth"])
        self.assertEqual([layer["role"] for layer in layers[5:]], [*4 * ["OverlayRole"], "SegmentationRole"])
        self.assertIn("Least certain: Left multifidus", copy.read_text())
        # ITK-SNAP's library reads every layer, also when everything was moved together.
        moved = self.dir.with_name("moved here")
        self.dir.rename(moved)
        read = json.loads(itksnap_python(READ_ALL, moved / "case/workspace.itksnap"))
        self.assertEqual([size for _, _, size, _ in read], 10 * [[256, 256, 8]])
        self.assertEqual([most for role, _, _, most in read if role == "SegmentationRole"], 5 * [4.0])
        self.assertEqual(self.titles(moved / "case/workspace.itksnap")[:5], ["image", *RATERS, "Dee"])
        self.assertNotIn("error", remarks)

    def test_layers_and_labels_are_added(self) -> None:
        self.run_program("variability", self.workspace, "-o", self.dir / "maps")
        entropy, variance = self.dir / "maps/entropy.nii.gz", self.dir / "maps/variance_left_multifidus.nii.gz"
        self.run_program(
            "workspace", "add", self.workspace, "--uncertainty", f"Entropy={entropy}", "--variance", f"Left={variance}"
        )
        read = json.loads(itksnap_python(READ_ALL, self.workspace))
        overlays = [nickname for role, nickname, _, _ in read if role == "OverlayRole"]
        self.assertEqual(sorted(overlays), ["Entropy", "Left"])
        self.assertEqual(self.workspace.read_text().count("Least certain:"), 2)
        # Label descriptions go out and come back.
        self.run_program("workspace", "labels", self.workspace, "-o", self.dir / "labels.txt")
        self.assertEqual((self.dir / "labels.txt").read_text().splitlines()[1], "# ITK-SnAP Label Description File")
        again = self.dir / "again.itksnap"
        self.run_program(
            "workspace", "create", self.dir / "image.nii.gz", "-o", again, "--labels", self.dir / "labels.txt"
        )
        self.assertEqual(self.show(again)["labels"], self.show(self.workspace)["labels"])

    def test_names_that_a_user_gave_to_labels_stay(self) -> None:
        bare = self.dir / "bare.itksnap"
        self.run_program("workspace", "create", self.dir / "image.nii.gz", "-o", bare)
        # As ITK-SNAP saves a workspace whose labels nobody has named.
        rows = ['1 255 0 0 1 1 1 "Label 1"', '2 0 255 0 1 1 1 "Kidney"', '6 0 255 255 1 1 1 "Label 6"']
        (self.dir / "labels.txt").write_text("\n".join(rows) + "\n")
        itksnap_python(NAME, bare, self.dir / "labels.txt")
        remarks = self.run_program("workspace", "add", bare, "--labels", MODEL / "model.json")
        self.assertEqual(remarks.count("note:"), 1)
        self.assertIn("Label 2 is called 'Kidney' in the workspace, but 'Left multifidus' in what was added", remarks)
        found = {label["id"]: label["title"] for label in self.show(bare)["labels"]}
        expected = ["Right multifidus", "Kidney", "Right erector spinae", "Left erector spinae", "Label 6"]
        self.assertEqual(found, dict(zip((1, 2, 3, 4, 6), expected, strict=True)))

    def test_nothing_of_a_user_is_replaced(self) -> None:
        out = self.dir / "out"
        out.mkdir()
        shutil.copy(self.workspace, out / "workspace.itksnap")
        mine = (out / "workspace.itksnap").read_text()
        for command in (["fuse"], ["variability"], ["segment", "--model", MODEL, "--device", "cpu"]):
            self.assertIn("--force", self.refused(*command, self.workspace, "-o", out))
            said = self.refused(*command, out / "workspace.itksnap", "-o", out, "--force")
            self.assertIn("choose another output folder", said)
            self.assertEqual((out / "workspace.itksnap").read_text(), mine)
        self.assertIn("already", self.refused("workspace", "create", self.dir / "image.nii.gz", "-o", self.workspace))
        (out / "short.nii.gz").write_bytes((self.dir / "image.nii.gz").read_bytes()[:1000])
        before = self.workspace.read_text()
        self.refused("workspace", "add", self.workspace, "--segmentation", f"Bad={out / 'short.nii.gz'}")
        self.assertEqual(self.workspace.read_text(), before)
        # The same work again is no replacement.
        for _ in range(2):
            self.run_program("segment", self.workspace, "-o", self.dir / "case", "--model", MODEL, "--device", "cpu")


if __name__ == "__main__":
    run_tests(MODEL, IMAGE, PROGRAM, PYTHON)
