"""Step ``torch-python``: what Python needs to import the PyTorch of step ``torch``, for the parity tests."""

from __future__ import annotations

from . import paths
from .venv import pip_install_lock

LOCK = paths.REQUIREMENTS / "torch-python.txt"


def run() -> None:
    """Installs PyTorch's one indispensable Python dependency into ``.cache/venv``."""
    pip_install_lock(LOCK)
