#!/usr/bin/env python3
"""Refuses what must not be in the repository: large files, one machine's paths, secrets, merge marks."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from checks.files import ROOT, repository_files  # noqa: E402

MAX_BYTES = 8 * 1000 * 1000

#: What is refused, as (name, pattern). Split where this file would otherwise find itself.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("a path of one machine", re.compile(r"(?<![\w.])/(?:home|Users)/[A-Za-z]|(?<![\w.~$}])/(?:root|work)/[\w.]")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE" + r" KEY-----")),
    ("a merge conflict", re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)),
    ("credentials in an address", re.compile(r"https?://[^/\s:@\"'<>{}]+:[^/\s@\"'<>{}]+@")),
)


def problems(path: Path) -> list[str]:
    """What is wrong with one file, as sentences."""
    size = path.stat().st_size
    found = [f"{size / 1e6:.1f} MB, more than {MAX_BYTES / 1e6:.0f} MB"] if size > MAX_BYTES else []
    data = path.read_bytes()
    if b"\0" in data[:8192]:
        return found
    text = data.decode("utf-8", errors="replace")
    for name, pattern in PATTERNS:
        for match in pattern.finditer(text):
            found.append(f"line {text.count(chr(10), 0, match.start()) + 1}: {name}: {match.group(0)}")
    return found


def main() -> int:
    """Prints every problem; returns 1 if there is one."""
    files = repository_files()
    found = [f"{path.relative_to(ROOT)}: {why}" for path in files for why in problems(path)]
    print("\n".join([*found, f"hygiene: {len(files)} files, {len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
