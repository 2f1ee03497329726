"""Which Debian mirror this machine uses, read from its own apt configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEFAULT_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
RELEASES = ("bullseye", "bookworm", "trixie", "forky", "stable", "testing", "unstable", "sid")


@dataclass(frozen=True)
class Mirror:
    """A mirror of Debian's main archive and the keyring that vouches for it."""

    uri: str
    keyring: Path


def find_mirror(apt_dir: Path = Path("/etc/apt")) -> Mirror | None:
    """The mirror of ``RATERLENS_DEBIAN_MIRROR`` or else of ``apt_dir``; None when there is none."""
    chosen = os.environ.get("RATERLENS_DEBIAN_MIRROR")
    if chosen:
        return Mirror(chosen, DEFAULT_KEYRING)
    parts = apt_dir / "sources.list.d"
    for path in sorted(parts.glob("*.sources")):
        for mirror in _from_stanzas(path.read_text(encoding="utf-8", errors="replace")):
            return mirror
    for path in [apt_dir / "sources.list", *sorted(parts.glob("*.list"))]:
        if path.exists():
            for mirror in _from_lines(path.read_text(encoding="utf-8", errors="replace")):
                return mirror
    return None


def _from_stanzas(text: str) -> Iterator[Mirror]:
    """Mirrors in a file of the `Types:`/`URIs:`/`Suites:` kind."""
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):\s*(.*)$", stanza, re.MULTILINE))
        uris, suites = fields.get("URIs", "").split(), fields.get("Suites", "").split()
        if fields.get("Enabled", "yes") != "no" and uris and _is_main_archive(suites):
            yield Mirror(uris[0], _keyring(fields.get("Signed-By", "")))


def _from_lines(text: str) -> Iterator[Mirror]:
    """Mirrors in a file of the one-line kind, `deb [options] URI suite components`."""
    for line in text.splitlines():
        match = re.match(r"deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s", line)
        if match and _is_main_archive([match.group(3)]):
            signed = re.search(r"signed-by=([^\s\]]+)", match.group(1) or "")
            yield Mirror(match.group(2), _keyring(signed.group(1) if signed else ""))


def _is_main_archive(suites: list[str]) -> bool:
    return any(suite in RELEASES for suite in suites)


def _keyring(signed_by: str) -> Path:
    path = Path(signed_by)
    return path if signed_by.startswith("/") and path.exists() else DEFAULT_KEYRING
