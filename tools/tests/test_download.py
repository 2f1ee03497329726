"""Downloads against a real HTTP server: interruption, resume, checksums, refusals."""

from __future__ import annotations

import hashlib
import tempfile
import unittest
from pathlib import Path

from raterlens_setup.download import ATTEMPTS, download
from raterlens_setup.errors import SetupError

from tests.local_server import running_server

CONTENT = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class DownloadTest(unittest.TestCase):
    """Each test has its own folder and its own server."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.server = self.enterContext(running_server())
        self.server.pages["/file.whl"] = CONTENT
        self.dest = self.folder / "file.whl"
        self.part = self.folder / "file.whl.part"
        self.slept: list[float] = []

    def fetch(self, sha256: str | None = DIGEST) -> Path:
        return download(self.server.url("/file.whl"), self.dest, sha256, sleep=self.slept.append)

    def test_plain_download(self) -> None:
        self.fetch()
        self.assertEqual(self.dest.read_bytes(), CONTENT)
        self.assertFalse(self.part.exists())
        self.assertEqual(self.server.ranges, [None])

    def test_a_file_that_is_there_is_not_asked_for(self) -> None:
        self.dest.write_bytes(CONTENT)
        self.fetch()
        self.assertEqual(self.server.ranges, [])

    def test_a_damaged_file_is_replaced(self) -> None:
        self.dest.write_bytes(CONTENT[:-1] + b"!")
        self.fetch()
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_partial_file_of_an_earlier_run_is_continued(self) -> None:
        self.part.write_bytes(CONTENT[:70_000])
        self.fetch()
        self.assertEqual(self.server.ranges, ["bytes=70000-"])
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_broken_connections_are_continued_within_one_call(self) -> None:
        self.server.cut_after = [1000, 2000]
        self.fetch()
        self.assertEqual(self.server.ranges, [None, "bytes=1000-", "bytes=3000-"])
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_progress_starts_the_count_of_failures_anew(self) -> None:
        self.server.cut_after = [10] * (3 * ATTEMPTS)
        self.fetch()
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_gives_up_but_keeps_what_arrived(self) -> None:
        self.server.cut_after = [500] + [0] * ATTEMPTS
        with self.assertRaisesRegex(SetupError, "run the same command again"):
            self.fetch()
        self.assertEqual(self.part.read_bytes(), CONTENT[:500])
        self.assertFalse(self.dest.exists())
        self.assertEqual(self.slept, sorted(self.slept), "waits grow")
        self.server.cut_after = []
        self.fetch()
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_server_without_ranges_starts_from_the_beginning(self) -> None:
        self.server.supports_ranges = False
        self.part.write_bytes(b"x" * 70_000)
        self.fetch()
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_complete_partial_file_needs_no_more_bytes(self) -> None:
        self.part.write_bytes(CONTENT)
        self.fetch()
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_partial_file_longer_than_the_servers_is_dropped(self) -> None:
        self.part.write_bytes(CONTENT + b"more")
        self.fetch()
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_wrong_hash_is_refused_and_deleted(self) -> None:
        with self.assertRaisesRegex(SetupError, "expected " + "0" * 64):
            self.fetch("0" * 64)
        self.assertFalse(self.dest.exists())
        self.assertFalse(self.part.exists())

    def test_corrupt_partial_file_is_noticed(self) -> None:
        self.part.write_bytes(b"?" * 70_000)
        with self.assertRaises(SetupError):
            self.fetch()
        self.fetch()
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_server_errors_are_tried_again(self) -> None:
        self.server.refuse_with = [503, 429]
        self.fetch()
        self.assertEqual(self.dest.read_bytes(), CONTENT)

    def test_not_found_is_final(self) -> None:
        with self.assertRaisesRegex(SetupError, "404"):
            download(self.server.url("/nothing"), self.dest, DIGEST, sleep=self.slept.append)
        self.assertEqual(self.slept, [])

    def test_local_file(self) -> None:
        source = self.folder / "source.whl"
        source.write_bytes(CONTENT)
        download(source.as_uri(), self.dest, DIGEST)
        self.assertEqual(self.dest.read_bytes(), CONTENT)


if __name__ == "__main__":
    unittest.main()
