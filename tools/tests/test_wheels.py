"""Pinned wheels through a real index page and a real pip configuration."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
import tempfile
import unittest
import zipfile
from collections.abc import Iterator
from pathlib import Path

from raterlens_setup.errors import SetupError
from raterlens_setup.lockfile import read_lock
from raterlens_setup.paths import REQUIREMENTS
from raterlens_setup.tags import wheel_tags
from raterlens_setup.wheels import fetch_wheels

from tests.local_server import running_server

PYTHON = Path(sys.executable)
NAME = "thing_one-1.0-py3-none-any.whl"
OTHER = "thing_one-1.0-cp27-none-win32.whl"


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """Sets environment variables for a while; an empty value unsets."""
    saved = {name: os.environ.get(name) for name in values}
    try:
        for name, value in values.items():
            os.environ.pop(name, None)
            if value:
                os.environ[name] = value
        yield
    finally:
        for name, old in saved.items():
            os.environ.pop(name, None)
            if old is not None:
                os.environ[name] = old


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class FetchTest(unittest.TestCase):
    """An index with one project that offers two files."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.wheels = self.folder / "wheels"
        self.server = self.enterContext(running_server())
        self.data = {f"/files/{NAME}": b"right " * 9000, f"/files/{OTHER}": b"wrong " * 9000}
        page = "".join(
            f'<a href="../..{path}#sha256={digest(data)}">{path.rsplit("/")[-1]}</a>\n'
            for path, data in self.data.items()
        )
        self.server.pages = {**self.data, "/simple/thing-one/": page.encode()}
        self.enterContext(
            environment(
                PIP_INDEX_URL=self.server.url("/simple"),
                PIP_EXTRA_INDEX_URL="",
                PIP_FIND_LINKS="",
                PIP_RETRIES="0",
                RATERLENS_VENDOR_DIR="",
            )
        )
        self.lock = self.folder / "lock.txt"
        self.write_lock(*self.data.values())

    def write_lock(self, *allowed: bytes) -> None:
        hashes = " \\\n".join(f"    --hash=sha256:{digest(data)}" for data in allowed)
        self.lock.write_text(f"# comment\nThing.One==1.0 \\\n{hashes}\n")

    def fetch(self) -> list[Path]:
        return fetch_wheels(self.lock, self.wheels, PYTHON)

    def test_takes_the_file_that_fits_this_python(self) -> None:
        self.assertEqual([path.name for path in self.fetch()], [NAME])
        self.assertEqual((self.wheels / NAME).read_bytes(), self.data[f"/files/{NAME}"])

    def test_second_call_asks_nobody(self) -> None:
        self.fetch()
        self.server.ranges.clear()
        self.fetch()
        self.assertEqual(self.server.ranges, [])

    def test_interrupted_wheel_is_continued(self) -> None:
        self.wheels.mkdir()
        (self.wheels / (NAME + ".part")).write_bytes(self.data[f"/files/{NAME}"][:1234])
        self.fetch()
        self.assertIn("bytes=1234-", self.server.ranges)

    def test_hash_that_is_not_in_the_lock_is_refused(self) -> None:
        self.write_lock(b"something else")
        with self.assertRaisesRegex(SetupError, "thing-one 1.0 could not be downloaded"):
            self.fetch()
        self.assertEqual(list(self.wheels.glob("*.whl")), [])

    def test_an_index_without_hashes_is_left_to_pip(self) -> None:
        content = self.metadata_wheel()
        self.server.pages = {
            f"/files/{NAME}": content,
            "/simple/thing-one/": f'<a href="/files/{NAME}">{NAME}</a>'.encode(),
        }
        self.write_lock(content)
        self.assertEqual([path.name for path in self.fetch()], [NAME])
        self.write_lock(b"something else")
        (self.wheels / NAME).unlink()
        with self.assertRaises(SetupError):
            self.fetch()

    def metadata_wheel(self) -> bytes:
        """The smallest wheel pip accepts."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            info = "thing_one-1.0.dist-info"
            archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: thing-one\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")
        return buffer.getvalue()

    def test_vendor_folder_needs_no_network(self) -> None:
        vendor = self.folder / "vendor"
        vendor.mkdir()
        (vendor / NAME).write_bytes(self.data[f"/files/{NAME}"])
        with environment(RATERLENS_VENDOR_DIR=str(vendor)):
            self.fetch()
        self.assertEqual(self.server.ranges, [])

    def test_damaged_wheel_in_the_folder_is_fetched_anew(self) -> None:
        self.wheels.mkdir()
        (self.wheels / NAME).write_bytes(b"damaged")
        self.fetch()
        self.assertEqual((self.wheels / NAME).read_bytes(), self.data[f"/files/{NAME}"])


class LockFileTest(unittest.TestCase):
    """The format, and the lock files of the repository."""

    def read(self, text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "lock.txt"
            path.write_text(text)
            read_lock(path)

    def test_version_and_hash_are_needed(self) -> None:
        for line in ("thing", "thing>=1", "thing==1", "thing==1 --hash=md5:00", "thing==1 --hash=sha256:zz"):
            with self.subTest(line), self.assertRaises(SetupError):
                self.read(line)

    def test_all_lock_files_can_be_read(self) -> None:
        files = sorted(REQUIREMENTS.glob("*.txt"))
        self.assertGreaterEqual(len(files), 4)
        for path in files:
            with self.subTest(path.name):
                self.assertGreater(len(read_lock(path)), 0)

    def test_compressed_tags_are_expanded(self) -> None:
        self.assertEqual(wheel_tags("a-1-py2.py3-none-any.whl"), ["py2-none-any", "py3-none-any"])
        self.assertEqual(wheel_tags("a-1.tar.gz"), [])


if __name__ == "__main__":
    unittest.main()
