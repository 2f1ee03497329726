#!/usr/bin/env python3
"""Puts what was built into ``build/`` the way it would be installed.

    build/bin/raterlens                     the program
    build/bin/raterlens-itk                 ITK in a process of its own, which the program starts
    build/share/raterlens/models/           model packages (from ``models/``)
    build/share/raterlens/sample/           the sample case (from ``samples/demo-lumbar/``)

The program finds its models relative to itself, and libtorch by the path recorded in it, so
it runs from anywhere without environment variables as long as the repository stays where it
is. Only what has changed is copied; every file appears whole.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUFFIX = ".exe" if os.name == "nt" else ""
EXECUTABLE = "raterlens" + SUFFIX
#: ITK in a process of its own; not there when built without the feature ``itk``.
ITK_EXECUTABLE = "raterlens-itk" + SUFFIX


def copy_file(source: Path, dest: Path) -> bool:
    """Copies content and mode unless ``dest`` is the same already; True if it copied."""
    if dest.is_file() and filecmp.cmp(source, dest, shallow=False):
        return False
    dest.parent.mkdir(parents=True, exist_ok=True)
    partial = dest.with_name(f".{dest.name}.part")
    shutil.copy(source, partial)
    partial.replace(dest)
    return True


def mirror(source: Path, dest: Path) -> int:
    """Makes ``dest`` hold exactly the files of ``source``; returns how many were copied."""
    wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    present = {path.relative_to(dest) for path in dest.rglob("*") if path.is_file()} if dest.exists() else set()
    for extra in present - wanted:
        (dest / extra).unlink()
    return sum(copy_file(source / name, dest / name) for name in sorted(wanted))


def stage(root: Path) -> int:
    """Stages everything of one source tree; returns how many files were copied."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    copied = int(copy_file(target / "release" / EXECUTABLE, root / "build" / "bin" / EXECUTABLE))
    if (target / "release" / ITK_EXECUTABLE).exists():
        copied += int(copy_file(target / "release" / ITK_EXECUTABLE, root / "build" / "bin" / ITK_EXECUTABLE))
    share = root / "build" / "share" / "raterlens"
    copied += mirror(root / "models", share / "models")
    copied += mirror(root / "samples" / "demo-lumbar", share / "sample")
    return copied


def main() -> int:
    """Stages this repository; returns the exit code."""
    try:
        copied = stage(ROOT)
    except FileNotFoundError as error:
        print(f"cannot stage the build: {error.filename} is missing; run `make build`", file=sys.stderr)
        return 1
    print(f"build/bin/{EXECUTABLE} is ready ({copied} files updated)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
