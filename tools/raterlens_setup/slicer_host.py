"""Step ``slicer-host``: 3D Slicer's libraries without Qt, and VTK's headers of that version."""

from __future__ import annotations

import platform
import subprocess

from . import paths, say
from .errors import SetupError
from .venv import ensure_venv, pip_install_lock

LOCK = paths.REQUIREMENTS / "slicer-host.txt"
SDK_SCRIPT = paths.ROOT / "tools" / "setup_slicer_host.py"


def run() -> None:
    """Installs the pinned wheels into ``.cache/venv``, then lays out the VTK SDK."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise SetupError(
            "The embedded Slicer host is for Linux on x86_64. On other systems build the module in a "
            "3D Slicer build tree (Slicer_DIR), which is untested here."
        )
    pip_install_lock(LOCK)
    result = subprocess.run([str(ensure_venv()), str(SDK_SCRIPT)], stdin=subprocess.DEVNULL, check=False)
    if result.returncode != 0:
        raise SetupError("the Slicer host could not be set up; the message above says why")
    say.info("Slicer host: ready")
