#!/usr/bin/env python3
"""Writes a lock file: pinned versions with the SHA-256 of every wheel that may be used.

    python3 tools/lock_requirements.py NAME 'package==version' ...

writes ``tools/requirements/NAME.txt``. For each package the hashes of its wheels for
CPython 3.11 to 3.13 (and version-independent ones) on Linux x86_64 are taken from the
package index that pip is configured for. Dependencies are not followed: name them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from raterlens_setup import index, paths  # noqa: E402
from raterlens_setup.errors import SetupError  # noqa: E402
from raterlens_setup.lockfile import normalise  # noqa: E402
from raterlens_setup.tags import wheel_tags  # noqa: E402
from raterlens_setup.venv import ensure_venv  # noqa: E402

_USABLE = re.compile(
    r"^((cp311-cp311|cp312-cp312|cp313-cp313|cp3\d+-abi3|(py2|py3)-none)-(manylinux\w*_x86_64)"
    r"|(py2|py3)-none-any)$"
)


def hashes(python: Path, name: str, version: str) -> list[str]:
    """SHA-256 of every usable wheel of one version, sorted by file name."""
    prefix = re.compile(name.replace("-", "[-_.]+") + "-", re.IGNORECASE)
    for url in index.index_urls(python):
        found = [
            file
            for file in index.project_files(url, name)
            if prefix.match(file.filename)
            and file.filename.split("-")[1:2] == [version]
            and any(_USABLE.match(tag) for tag in wheel_tags(file.filename))
        ]
        if found:
            return [file.sha256 for file in sorted(found, key=lambda file: file.filename) if file.sha256]
    raise SetupError(f"{name} {version}: no usable wheel in the index")


def lock_text(python: Path, requirements: list[str]) -> str:
    """The content of a lock file for ``name==version`` requirements."""
    lines = ["# Written by tools/lock_requirements.py; do not edit by hand."]
    for requirement in requirements:
        name, _, version = requirement.partition("==")
        if not version:
            raise SetupError(f"{requirement}: write it as name==version")
        digests = hashes(python, normalise(name), version)
        lines.append(" \\\n    ".join([f"{normalise(name)}=={version}", *(f"--hash=sha256:{d}" for d in digests)]))
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Writes one lock file; returns the exit code."""
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        text = lock_text(ensure_venv(), arguments[1:])
    except (SetupError, OSError) as error:
        print(f"lock not written: {error}", file=sys.stderr)
        return 1
    target = paths.REQUIREMENTS / f"{arguments[0]}.txt"
    target.write_text(text, encoding="utf-8")
    print(f"wrote {target.relative_to(paths.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
