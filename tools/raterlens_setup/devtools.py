"""Step ``dev-tools``: the formatters and linters, pinned so that all machines agree."""

from __future__ import annotations

from . import paths
from .venv import pip_install_lock

LOCK = paths.REQUIREMENTS / "dev-tools.txt"


def run() -> None:
    """Installs clang-format and ruff into ``.cache/venv``."""
    pip_install_lock(LOCK)
