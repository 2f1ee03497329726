#!/usr/bin/env python3
"""Files that would run something when PyTorch opens them are refused by the name of that, and run nothing.

Made with Python's own pickle and torch.save. Needs RATERLENS_PROGRAM; skipped, with the reason, without PyTorch.
"""

from __future__ import annotations

import os
import pickle
import tempfile
import unittest
import zipfile
from collections import OrderedDict
from pathlib import Path

from support import labels, refused, run, torch


class Calls:
    """Pickles as a call of any function."""

    def __init__(self, function, *arguments) -> None:
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


class Hostile(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="raterlens-test-")
        self.folder = Path(self.temporary.name)
        self.mark = self.folder / "it-ran"

    def tearDown(self):
        self.assertFalse(self.mark.exists(), "code of the file was run")
        self.temporary.cleanup()

    def importing(self, file: Path) -> str:
        out = self.folder / "out.rlmodel"
        options = ["--labels", labels(), "--input-orientation", "LP"]
        text = refused(run("model", "import", "--from", "paraspinal-muscle-seg", file, "-o", out, *options))
        self.assertFalse(out.exists())
        self.assertNotIn("panicked", text)
        return text

    def saved(self, value: object, **options: object) -> Path:
        path = self.folder / "weights.pth"
        torch.save(value, path, **options)
        return path

    def test_the_files_do_run_something_in_python(self):
        """Else this test would show nothing."""
        pickle.loads(pickle.dumps(Calls(Path.touch, self.mark)))
        self.assertTrue(self.mark.exists())
        self.mark.unlink()

    def test_functions_are_refused_by_name_wherever_they_stand(self):
        touch = f"touch '{self.mark}'"
        for function, arguments, name in (
            (os.system, (touch,), "posix.system" if os.name == "posix" else "nt.system"),
            (eval, (f"open({str(self.mark)!r}, 'w')",), "__builtin__.eval"),
            (exec, (f"open({str(self.mark)!r}, 'w')",), "__builtin__.exec"),
            (getattr, ("text", "upper"), "__builtin__.getattr"),
            (torch.load, ("other.pth",), "torch.serialization.load"),
            (torch.hub.load, ("a/b", "c"), "torch.hub.load"),
        ):
            bad = Calls(function, *arguments)
            values = [OrderedDict(weight=torch.zeros(2), other=bad)]
            if function is os.system:
                values += [bad, [bad], {"state_dict": OrderedDict(weight=torch.zeros(2)), "hyper": [{"deep": (bad,)}]}]
            for value in values:
                text = self.importing(self.saved(value))
                self.assertIn(name, text)
                self.assertIn("nothing in the file was run", text)

    def test_newer_protocols_name_functions_in_another_way(self):
        bad = OrderedDict(weight=torch.zeros(2), other=Calls(os.system, f"touch '{self.mark}'"))
        for protocol in (3, 4, 5):
            text = self.importing(self.saved(bad, pickle_protocol=protocol))
            self.assertIn("system", text)

    def test_a_whole_module_is_refused_by_its_class(self):
        text = self.importing(self.saved(torch.nn.Linear(2, 2)))
        self.assertIn("torch.nn.modules.linear.Linear", text)

    def test_objects_of_other_libraries_are_refused_by_name(self):
        import numpy

        text = self.importing(self.saved({"weight": numpy.zeros(3)}))
        self.assertIn("numpy", text)

    def test_the_format_of_before_1_6_is_refused_with_the_way_out(self):
        path = self.saved(OrderedDict(weight=torch.zeros(2)), _use_new_zipfile_serialization=False)
        text = self.importing(path)
        self.assertIn("torch.save(torch.load(", text)

    def test_a_torchscript_file_is_sent_to_its_own_import(self):
        path = self.folder / "script.pt"
        torch.jit.script(torch.nn.Linear(2, 1)).save(str(path))
        self.assertIn("--from torchscript", self.importing(path))

    def test_compressed_records_and_plain_nonsense_are_refused(self):
        path = self.saved(OrderedDict(weight=torch.zeros(1000)))
        packed = self.folder / "packed.pth"
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(name, source.read(name))
        self.assertIn("compressed", self.importing(packed))
        for content in (b"", b"PK", b"PK\x03\x04" + bytes(100), b"<html>not found</html>", path.read_bytes()[:-30]):
            (self.folder / "nonsense.pth").write_bytes(content)
            self.assertIn("nonsense.pth", self.importing(self.folder / "nonsense.pth"))

    def test_a_state_dict_of_something_else_is_no_crash(self):
        text = self.importing(self.saved(OrderedDict(weight=torch.zeros(2))))
        self.assertIn("left over in the file (1)", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
