"""The pair of versions that belongs together, read from the one place that states it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from raterlens_setup.errors import SetupError

VERSIONS_FILE = Path("cmake") / "HostVersions.cmake"
LOCK_FILE = Path("tools") / "requirements" / "slicer-host.txt"


@dataclass(frozen=True)
class HostVersions:
    """Versions of the slicer-core wheels and of the vtk wheel they were built with."""

    slicer_core: str
    vtk: str

    @classmethod
    def read(cls, root: Path) -> HostVersions:
        """Reads ``cmake/HostVersions.cmake`` and checks that the lock file says the same."""
        text = (root / VERSIONS_FILE).read_text(encoding="utf-8")
        versions = cls(_variable(text, "RATERLENS_SLICER_CORE_VERSION"), _variable(text, "RATERLENS_VTK_VERSION"))
        lock = (root / LOCK_FILE).read_text(encoding="utf-8")
        for name, version in versions.wheels().items():
            if f"\n{name}=={version} " not in lock:
                raise SetupError(
                    f"{LOCK_FILE} does not pin {name}=={version}, which {VERSIONS_FILE} asks for; change both together."
                )
        return versions

    def wheels(self) -> dict[str, str]:
        """Version by package name."""
        return {"slicer-core": self.slicer_core, "slicer-core-sdk": self.slicer_core, "vtk": self.vtk}


def check_installed(versions: HostVersions, site_packages: Path) -> None:
    """Raises SetupError when one of the wheels is missing or has another version."""
    for name, wanted in versions.wheels().items():
        found = _installed_version(site_packages, name)
        if found != wanted:
            raise SetupError(
                f"{name} {wanted} is needed in the project's Python environment, found {found or 'none'}; "
                f"install {LOCK_FILE} first."
            )


def _variable(text: str, name: str) -> str:
    match = re.search(rf'^set\({name} "([^"]+)"\)', text, re.MULTILINE)
    if match is None:
        raise SetupError(f"{VERSIONS_FILE} does not set {name}.")
    return match.group(1)


def _installed_version(site_packages: Path, name: str) -> str | None:
    prefix = name.replace("-", "_") + "-"
    for folder in site_packages.glob(f"{prefix}*.dist-info"):
        return folder.name[len(prefix) : -len(".dist-info")]
    return None
