"""Finds Debian's packages of the wanted VTK version: the machine's mirror first, then a local folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from raterlens_setup import say
from raterlens_setup.errors import SetupError

from .mirror import find_mirror
from .private_apt import SUITES, PrivateApt

#: Field of `VtkPackages` and the Debian package that it holds.
NAMES = {"headers": "libvtk9-dev", "hierarchy_tool": "vtk9", "python_tools": "python3-vtk9"}


@dataclass(frozen=True)
class VtkPackages:
    """The files to unpack: four `.deb` and the class hierarchies (a `.deb` or a `.tar.xz`)."""

    headers: Path
    hierarchy_tool: Path
    python_tools: Path
    libc: Path
    hierarchies: Path


def find_packages(vtk_version: str, work_dir: Path, vendor_dir: Path | None) -> VtkPackages:
    """Downloads the packages into ``work_dir``, or takes them from ``vendor_dir``.

    Raises SetupError, naming both ways and what else can be done, when neither has the version.
    """
    reasons = []
    for source in (lambda: _from_mirror(vtk_version, work_dir), lambda: _from_folder(vtk_version, vendor_dir)):
        try:
            return source()
        except SetupError as error:
            reasons.append(str(error))
            say.info(str(error))
    raise SetupError(
        f"No VTK {vtk_version} headers could be found.\n  - " + "\n  - ".join(reasons) + "\n"
        f"Set RATERLENS_VENDOR_DIR to a folder with the Debian packages {', '.join(NAMES.values())}, libc6 and "
        f"libvtk{_series(vtk_version)} of that version, or configure CMake with RATERLENS_VTK_SDK pointing at an "
        f"unpacked VTK {vtk_version} SDK (VTK's project publishes one for its wheels), or move "
        "cmake/HostVersions.cmake to the slicer-core release that goes with the VTK at hand."
    )


def _from_mirror(vtk_version: str, work_dir: Path) -> VtkPackages:
    if shutil.which("apt-get") is None:
        raise SetupError("this system has no apt-get")
    mirror = find_mirror()
    if mirror is None:
        raise SetupError("/etc/apt names no Debian mirror (RATERLENS_DEBIAN_MIRROR can)")
    apt = PrivateApt(work_dir / "apt", mirror)
    say.info(f"asking the Debian mirror for VTK {vtk_version} (suites {', '.join(SUITES)})")
    apt.update()

    def fetch(package: str) -> Path:
        version = apt.find_version(package, vtk_version)
        if version is None:
            raise SetupError(f"the Debian mirror has no {package} {vtk_version} in {', '.join(SUITES)}")
        say.info(f"{package} {version}")
        return apt.download(package, version, work_dir)

    libc = apt.newest("libc6")
    if libc is None:
        raise SetupError("the Debian mirror has no libc6")
    return VtkPackages(
        **{field: fetch(package) for field, package in NAMES.items()},
        hierarchies=fetch(f"libvtk{_series(vtk_version)}"),
        libc=apt.download("libc6", libc, work_dir),
    )


def _from_folder(vtk_version: str, folder: Path | None) -> VtkPackages:
    if folder is None:
        raise SetupError("RATERLENS_VENDOR_DIR is not set")

    def find(*patterns: str) -> Path:
        for pattern in patterns:
            for path in sorted(folder.glob(pattern), reverse=True):
                return path
        raise SetupError(f"RATERLENS_VENDOR_DIR holds no {' or '.join(patterns)}")

    packages = VtkPackages(
        **{field: find(f"{package}_{vtk_version}[+-]*.deb") for field, package in NAMES.items()},
        libc=find("libc6_*.deb"),
        hierarchies=find(f"vtk-{vtk_version}-hierarchy.tar.xz", f"libvtk{_series(vtk_version)}_{vtk_version}[+-]*.deb"),
    )
    say.info("using the packages of RATERLENS_VENDOR_DIR")
    return packages


def _series(vtk_version: str) -> str:
    return ".".join(vtk_version.split(".")[:2])
