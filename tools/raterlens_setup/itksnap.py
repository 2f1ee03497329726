"""Step ``itksnap``: ITK-SNAP's own service and workspace library in Python, which tests run RaterLens against."""

from __future__ import annotations

from . import paths
from .venv import pip_install_lock

LOCK = paths.REQUIREMENTS / "itksnap.txt"


def run() -> None:
    """Installs ``itksnap-dss-server`` and ``itksnap-dss`` with all they import into ``.cache/itksnap-venv``."""
    pip_install_lock(LOCK, paths.ITKSNAP_VENV)
