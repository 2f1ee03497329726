"""Stamps, system packages, unpacking and the libtorch layout."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
from pathlib import Path
from unittest import mock

from raterlens_setup import apt, paths, torch
from raterlens_setup.errors import SetupError
from raterlens_setup.lock import exclusive
from raterlens_setup.stamps import Stamp
from raterlens_setup.unpack import unpack_wheels

SETUP = paths.ROOT / "tools" / "setup.py"
ABSENT = "raterlens-package-that-does-not-exist"


class InFolder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))


class StampTest(InFolder):
    """A stamp is fresh only for the same inputs and with its outputs in place."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.object(paths, "STAMPS", self.folder / "stamps"))
        self.source = self.folder / "lock.txt"
        self.source.write_text("a==1")
        self.output = self.folder / "output"
        self.output.mkdir()
        self.stamp = Stamp("step", [self.source, "layout 1"], [self.output])

    def test_fresh_after_write(self) -> None:
        self.assertFalse(self.stamp.fresh())
        self.stamp.write()
        self.assertTrue(self.stamp.fresh())

    def test_stale_when_an_input_changes(self) -> None:
        self.stamp.write()
        self.source.write_text("a==2")
        self.assertFalse(self.stamp.fresh())
        self.assertFalse(Stamp("step", [self.source, "layout 2"], [self.output]).fresh())

    def test_stale_when_an_output_is_gone(self) -> None:
        self.stamp.write()
        self.output.rmdir()
        self.assertFalse(self.stamp.fresh())

    def test_stale_when_the_stamp_is_damaged(self) -> None:
        self.stamp.write()
        (self.folder / "stamps" / "step").write_bytes(b"\xff\xfe")
        self.assertFalse(self.stamp.fresh())


@unittest.skipUnless(Path("/usr/bin/dpkg-query").exists(), "skipped: not a Debian-like system")
class AptTest(unittest.TestCase):
    """Against the machine's real package database."""

    def test_missing_ones_are_found(self) -> None:
        self.assertEqual(apt.missing_packages(["dpkg", ABSENT]), [ABSENT])

    def test_nothing_to_do_needs_no_right(self) -> None:
        with mock.patch.object(apt, "_privilege_prefix", side_effect=AssertionError("asked")):
            apt.ensure_apt(["dpkg"])

    def test_without_the_right_to_install_all_missing_ones_are_named(self) -> None:
        no_right = mock.patch.object(apt, "_privilege_prefix", return_value=None)
        with no_right, self.assertRaises(SetupError) as caught:
            apt.ensure_apt(["dpkg", ABSENT, ABSENT + "-dev"])
        message = str(caught.exception)
        self.assertIn("2 system package(s) are missing", message)
        self.assertIn(f"apt-get install -y --no-install-recommends {ABSENT} {ABSENT}-dev\n", message)
        self.assertNotIn("dpkg", message)

    @unittest.skipUnless(hasattr(os, "geteuid") and os.geteuid() == 0, "skipped: needs root to become another user")
    def test_as_an_ordinary_user(self) -> None:
        code = f"from raterlens_setup.apt import ensure_apt; ensure_apt(['dpkg', '{ABSENT}'])"
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder)
            copy.chmod(0o755)
            package = copy / "raterlens_setup"
            package.mkdir()
            for name in ("__init__", "apt", "errors", "say"):
                (package / f"{name}.py").write_bytes((paths.ROOT / "tools/raterlens_setup" / f"{name}.py").read_bytes())
            # The interpreter of the system: the project's own may be out of an ordinary user's reach.
            result = subprocess.run(
                ["/usr/bin/python3", "-c", code], cwd=copy, user=65534, extra_groups=[], env={"PATH": "/usr/bin:/bin"},
                stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            )  # fmt: skip
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(f"missing and this user cannot install them: {ABSENT}", result.stderr)


class UnpackTest(InFolder):
    """Wheels appear whole or not at all."""

    def wheel(self, name: str, entries: dict[str, str]) -> Path:
        path = self.folder / name
        with zipfile.ZipFile(path, "w") as archive:
            for entry, text in entries.items():
                archive.writestr(entry, text)
        return path

    def test_wheels_are_merged_and_replace_the_old_folder(self) -> None:
        dest = self.folder / "out"
        dest.mkdir()
        (dest / "old").write_text("old")
        unpack_wheels([self.wheel("a.whl", {"a/x": "1"}), self.wheel("b.whl", {"b/y": "2"})], dest)
        self.assertEqual(sorted(path.name for path in dest.iterdir()), ["a", "b"])

    def test_failure_keeps_the_old_folder(self) -> None:
        dest = self.folder / "out"
        dest.mkdir()
        (dest / "old").write_text("old")
        bad = self.folder / "bad.whl"
        bad.write_bytes(b"not a zip")
        with self.assertRaises(SetupError):
            unpack_wheels([self.wheel("a.whl", {"a/x": "1"}), bad], dest)
        self.assertEqual([path.name for path in dest.iterdir()], ["old"])
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["a.whl", "bad.whl", "out"])

    def test_entries_that_lead_out_are_refused(self) -> None:
        with self.assertRaisesRegex(SetupError, "leads out"):
            unpack_wheels([self.wheel("a.whl", {"../evil": "1"})], self.folder / "out")
        self.assertFalse((self.folder / "evil").exists())


class LayoutTest(InFolder):
    """The folder the build takes for a libtorch."""

    def fake_wheel(self) -> Path:
        unpacked = self.folder / "torch"
        lib = unpacked / "torch" / "lib"
        lib.mkdir(parents=True)
        (unpacked / "torch" / "include").mkdir()
        for name in ("libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libtorch_cuda.so", "libtorch.so"):
            (lib / name).write_bytes(b"elf")
        return unpacked

    def test_links_are_relative_and_cuda_is_not_offered(self) -> None:
        unpacked, libtorch = self.fake_wheel(), self.folder / "libtorch"
        torch.lay_out(unpacked, libtorch)
        moved = self.folder.with_name(self.folder.name + "-moved")
        self.folder.rename(moved)
        try:
            lib = moved / "libtorch" / "lib"
            self.assertEqual((lib / "libtorch_cpu.so").resolve(), (moved / "torch/torch/lib/libtorch_cpu.so").resolve())
            self.assertEqual((lib / "libgomp.so").resolve().name, "libgomp.so.1")
            self.assertEqual((lib / "libtorch.so").read_text(), "INPUT(libtorch_cpu.so)\n")
            self.assertFalse((lib / "libtorch_cuda.so").exists())
            self.assertTrue((moved / "libtorch" / "include").is_dir())
        finally:
            moved.rename(self.folder)

    def test_a_wheel_with_another_layout_is_refused(self) -> None:
        unpacked = self.fake_wheel()
        (unpacked / "torch" / "lib" / "libgomp.so.1").unlink()
        with self.assertRaisesRegex(SetupError, "libgomp"):
            torch.lay_out(unpacked, self.folder / "libtorch")


class LockTest(InFolder):
    """Two set-ups do not run at the same time."""

    @unittest.skipIf(os.name == "nt", "skipped: no file locks on this system")
    def test_the_second_waits_for_the_first(self) -> None:
        lock = self.folder / "setup.lock"
        code = (
            "import sys, time; from pathlib import Path; from raterlens_setup.lock import exclusive\n"
            "with exclusive(Path(sys.argv[1])):\n print('held', flush=True); time.sleep(0.5)"
        )
        child = subprocess.Popen([sys.executable, "-c", code, str(lock)], cwd=SETUP.parent, stdout=subprocess.PIPE)
        assert child.stdout is not None
        with contextlib.closing(child.stdout):
            child.stdout.readline()
            started = time.monotonic()
            with exclusive(lock):
                waited = time.monotonic() - started
            self.assertEqual(child.wait(), 0)
        self.assertGreater(waited, 0.2)


class CommandTest(unittest.TestCase):
    """The program as it is called."""

    def run_setup(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, str(SETUP), *arguments], capture_output=True, text=True, check=False)

    def test_unknown_step(self) -> None:
        result = self.run_setup("tortch")
        self.assertEqual(result.returncode, 1)
        self.assertIn("unknown step: tortch", result.stderr)

    def test_list(self) -> None:
        result = self.run_setup("--list")
        self.assertEqual(result.returncode, 0)
        self.assertIn("torch", result.stdout)


if __name__ == "__main__":
    unittest.main()
