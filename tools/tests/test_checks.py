"""The checks of the repository find what they are there to find."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from unittest import mock

from checks import hygiene, links


class LinksTest(unittest.TestCase):
    """On a small repository of two pages."""

    def setUp(self) -> None:
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.enterContext(mock.patch.object(links, "ROOT", self.root))
        (self.root / "docs").mkdir()
        self.page = self.root / "docs" / "page.md"
        self.page.write_text("# A `Title` here!\n\n## Twice\n\n## Twice\n")
        (self.root / "README.md").write_text("# Top\n")

    def test_targets(self) -> None:
        text = '[a](b.md#c) ![p](p.png "title") `[no](x.md)`\n```\n[no](y.md)\n```\n[r]: z.md\n<img src="q.png">\n'
        self.assertEqual(sorted(links.targets(text)), ["b.md#c", "p.png", "q.png", "z.md"])

    def test_living_links(self) -> None:
        for target in ("page.md", "../README.md", "/README.md", "#twice-1", "page.md#a-title-here", "https://x.y/z"):
            with self.subTest(target):
                self.assertIsNone(links.problem(self.page, target))

    def test_dead_links(self) -> None:
        for target in ("README.md", "../missing.png", "#thrice", "../README.md#bottom", "../.."):
            with self.subTest(target):
                self.assertIsNotNone(links.problem(self.page, target))


class HygieneTest(unittest.TestCase):
    """On single files."""

    def found(self, data: bytes) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "file"
            path.write_bytes(data)
            return hygiene.problems(path)

    def test_clean_text(self) -> None:
        text = "use ~/work/x, https://host/work/x, $HOME/root, build/work/file and /usr/share\n"
        self.assertEqual(self.found(text.encode()), [])

    def test_paths_of_one_machine(self) -> None:
        for path in ("/" + "home/alice/x", "/" + "Users/bob", "/" + "root/.cargo", "/" + "work/main"):
            with self.subTest(path):
                self.assertEqual(len(self.found(f"open('{path}')\n".encode())), 1)

    def test_secrets_and_merge_marks(self) -> None:
        self.assertEqual(len(self.found(b"-----BEGIN RSA PRIVATE" + b" KEY-----\n")), 1)
        self.assertEqual(len(self.found(b"x\n" + b"<" * 7 + b" HEAD\n")), 1)
        self.assertEqual(len(self.found(b"https://user:" + b"secret@host/simple\n")), 1)

    def test_large_files(self) -> None:
        self.assertEqual(len(self.found(b"\0" * (hygiene.MAX_BYTES + 1))), 1)
        self.assertEqual(self.found(b"\0" * hygiene.MAX_BYTES), [])


if __name__ == "__main__":
    unittest.main()
