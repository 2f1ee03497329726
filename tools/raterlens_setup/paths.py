"""Where the set-up keeps things. Everything lives under ``.cache`` in the repository."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
WHEELS = CACHE / "wheels"
STAMPS = CACHE / "stamps"
VENV = CACHE / "venv"
VENV_PYTHON = VENV / "bin" / "python"
#: An environment of its own for ITK-SNAP's service, whose many packages would get in each other's way with ours.
ITKSNAP_VENV = CACHE / "itksnap-venv"
#: Unpacked torch wheels: ``torch/lib`` and ``nvidia/cu13/lib``.
TORCH = CACHE / "torch"
#: The folder that looks like a libtorch to the build (``LIBTORCH``).
LIBTORCH = CACHE / "libtorch"
REQUIREMENTS = ROOT / "tools" / "requirements"


def vendor_dir() -> Path | None:
    """The folder of files fetched beforehand (``RATERLENS_VENDOR_DIR``), or None."""
    value = os.environ.get("RATERLENS_VENDOR_DIR")
    return Path(value).expanduser().resolve() if value else None


def site_packages() -> Path:
    """The ``site-packages`` folder of the project's virtual environment."""
    found = sorted(VENV.glob("lib/python3.*/site-packages"))
    if found:
        return found[0]
    return Path(sysconfig.get_path("purelib", vars={"base": str(VENV)}))
