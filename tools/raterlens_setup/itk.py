"""Step ``itk``: the ITK of 3D Slicer's SDK, against which ``rust/itk-sys`` is compiled."""

from __future__ import annotations

import platform

from . import say
from .slicer_host import LOCK
from .venv import pip_install_lock


def run() -> None:
    """Installs the pinned wheels into ``.cache/venv``; on other systems RaterLens is built without ITK."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        say.info("ITK: no pinned wheel for this system; RaterLens will read NIfTI only (see rust/itk-sys/build.rs)")
        return
    pip_install_lock(LOCK)
