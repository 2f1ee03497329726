"""Step ``system``: the Debian/Ubuntu packages the build and the tests need."""

from __future__ import annotations

import os

from . import say
from .apt import ensure_apt, missing_packages

#: To compile: C++ and CMake (the Rust tool chain is expected to be there).
BUILD: tuple[str, ...] = ("g++", "cmake", "ninja-build", "pkg-config")
#: What the C++ tests are written with (headers only).
TESTING: tuple[str, ...] = ("doctest-dev",)
#: For ``.cache/venv`` and for C++ that embeds or wraps Python.
PYTHON: tuple[str, ...] = ("python3-venv", "python3-dev")
#: For pictures without a screen (EGL, software OpenGL) and what VTK's libraries load.
RENDERING: tuple[str, ...] = (
    *("libegl1", "libgl1", "libglx-mesa0", "libegl-mesa0", "libgl1-mesa-dri", "libgles2", "libopengl0"),
    *("libglib2.0-0", "libx11-6", "libxcursor1", "libxrender1", "libxt6", "libsm6", "libice6", "libxext6"),
)
#: To unpack what the steps fetch.
ARCHIVES: tuple[str, ...] = ("xz-utils", "ca-certificates")

APT_PACKAGES: tuple[str, ...] = (*BUILD, *TESTING, *PYTHON, *RENDERING, *ARCHIVES)


def run() -> None:
    """Installs what is missing; ``RATERLENS_SKIP_APT=1`` leaves the system alone."""
    if os.environ.get("RATERLENS_SKIP_APT") == "1":
        say.info("system packages: not checked (RATERLENS_SKIP_APT=1)")
        return
    if not missing_packages_or_unknown():
        say.info(f"system packages: all {len(APT_PACKAGES)} are there")
        return
    ensure_apt(APT_PACKAGES)


def missing_packages_or_unknown() -> bool:
    """True when something is missing or this is no dpkg system (``ensure_apt`` then says so)."""
    try:
        return bool(missing_packages(APT_PACKAGES))
    except FileNotFoundError:
        return True
