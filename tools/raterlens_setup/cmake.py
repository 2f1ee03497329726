"""Step ``cmake``: the machine's CMake when it is new enough, else a pinned one in the venv."""

from __future__ import annotations

import re
import shutil
import subprocess

from . import paths, say
from .venv import pip_install_lock

MINIMUM = (3, 25)
LOCK = paths.REQUIREMENTS / "cmake.txt"


def run() -> None:
    """Installs the pinned CMake only where the machine's own is missing or too old."""
    version = machine_version()
    if version is not None and version >= MINIMUM:
        say.info("cmake {}.{}: the machine's own is used".format(*version))
        return
    pip_install_lock(LOCK)


def machine_version() -> tuple[int, int] | None:
    """Version of the ``cmake`` on PATH, or None."""
    program = shutil.which("cmake")
    if program is None:
        return None
    result = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=False)
    match = re.search(r"version (\d+)\.(\d+)", result.stdout)
    return (int(match.group(1)), int(match.group(2))) if match else None
