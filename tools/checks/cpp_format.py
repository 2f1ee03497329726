#!/usr/bin/env python3
"""Checks (or with ``--write`` applies) the C++ format with the pinned clang-format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from checks.files import ROOT, repository_files  # noqa: E402

SUFFIXES = (".cpp", ".hpp", ".cxx", ".cc", ".h")


def main(arguments: list[str]) -> int:
    """Returns clang-format's exit code; 0 when there is nothing to check."""
    files = repository_files(*SUFFIXES)
    mode = ["-i"] if "--write" in arguments else ["--dry-run", "-Werror"]
    program = Path(sys.executable).with_name("clang-format")
    print(f"clang-format: {len(files)} C++ files")
    if not files:
        return 0
    return subprocess.run([str(program), *mode, *map(str, files)], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
