"""Step ``itksnap``: ITK-SNAP's own service and workspace library in Python, which tests run RaterLens against."""

from __future__ import annotations

from . import paths
from .venv import pip_install_lock

LOCK = paths.REQUIREMENTS / "itksnap.txt"
#: What the tests of image formats need beside SimpleITK, which comes with the former.
IMAGES_LOCK = paths.REQUIREMENTS / "images.txt"


def run() -> None:
    """Installs ITK-SNAP's packages with all they import, and pydicom, into ``.cache/itksnap-venv``."""
    pip_install_lock(LOCK, paths.ITKSNAP_VENV)
    pip_install_lock(IMAGES_LOCK, paths.ITKSNAP_VENV)
