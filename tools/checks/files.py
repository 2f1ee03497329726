"""The files that belong to the repository: tracked ones and new ones git does not ignore."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def repository_files(*suffixes: str) -> list[Path]:
    """All files of the repository (with one of ``suffixes`` if any are given), sorted."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    names = sorted(set(output.decode("utf-8").split("\0")) - {""})
    paths = (ROOT / name for name in names)
    return [path for path in paths if path.is_file() and (not suffixes or path.suffix in suffixes)]
