"""Unpacks the packages into one folder that CMake can use beside the vtk wheel.

Result: ``include/vtk-X.Y/`` (headers), ``hierarchy/VTK/`` (class hierarchies), ``bin/`` (the wrapping tools).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from raterlens_setup.errors import SetupError

from .packages import VtkPackages

INCLUDE_NAME = "vtk-9.6"
WRAPPING_TOOLS = ("vtkWrapHierarchy", "vtkWrapPython", "vtkWrapPythonInit")
_ARCH_LIB = Path("usr/lib/x86_64-linux-gnu")


def build(packages: VtkPackages, site_packages: Path, dest: Path, vtk_version: str) -> None:
    """Makes ``dest`` anew, whole or not at all.

    Raises SetupError when a package cannot be unpacked, has another version, or its tools do not start.
    """
    dest.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", dir=dest.parent))
    try:
        staging.chmod(0o755)
        _place_headers(packages, staging, vtk_version)
        _place_hierarchies(packages, staging)
        _place_tools(packages, site_packages, staging)
        _check_tools(staging)
        shutil.rmtree(dest, ignore_errors=True)
        staging.rename(dest)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _place_headers(packages: VtkPackages, staging: Path, vtk_version: str) -> None:
    with _unpacked(packages.headers) as root:
        _move(root / "usr" / "include" / INCLUDE_NAME, staging / "include" / INCLUDE_NAME)
    include = staging / "include" / INCLUDE_NAME
    found = re.search(r'VTK_VERSION "([^"]+)"', (include / "vtkVersionMacros.h").read_text(encoding="utf-8"))
    if found is None or found.group(1) != vtk_version:
        raise SetupError(f"{packages.headers.name} is not VTK {vtk_version}.")
    smp = include / "vtkSMP.h"
    smp.write_text(without_tbb(smp.read_text(encoding="utf-8")), encoding="utf-8")


def without_tbb(header: str) -> str:
    """``vtkSMP.h`` as the wheel was built: threads by the standard library, sequential by default.

    Debian builds VTK with TBB, the wheel does not; with Debian's file the templates in the headers
    would call functions that the wheel's libraries lack.
    """
    changes = {
        "#define VTK_SMP_TBB": "#define VTK_SMP_Sequential",
        '#define VTK_SMP_BACKEND "TBB"': '#define VTK_SMP_BACKEND "Sequential"',
        "#define VTK_SMP_ENABLE_TBB 1": "#define VTK_SMP_ENABLE_TBB 0",
        "#define VTK_SMP_DEFAULT_IMPLEMENTATION_TBB 1": "#define VTK_SMP_DEFAULT_IMPLEMENTATION_TBB 0",
        "#define VTK_SMP_DEFAULT_IMPLEMENTATION_SEQUENTIAL 0": "#define VTK_SMP_DEFAULT_IMPLEMENTATION_SEQUENTIAL 1",
    }
    lines = [changes.get(line, line) for line in header.splitlines()]
    return "\n".join(lines) + "\n"


def _place_hierarchies(packages: VtkPackages, staging: Path) -> None:
    with _unpacked(packages.hierarchies) as root:
        found = sorted(root.glob("usr/lib/**/hierarchy/VTK"))
        if not found:
            raise SetupError(f"{packages.hierarchies.name} holds no class hierarchies.")
        _move(found[0], staging / "hierarchy" / "VTK")


def _place_tools(packages: VtkPackages, site_packages: Path, staging: Path) -> None:
    """The tools, a libc new enough for them, and the wheel's own copy of their library."""
    support = staging / "libexec"
    support.mkdir()
    for package in (packages.hierarchy_tool, packages.python_tools):
        with _unpacked(package) as root:
            for tool in WRAPPING_TOOLS:
                for path in (root / "usr" / "bin").glob(f"{tool}-*"):
                    shutil.copy2(path, support / tool)
    with _unpacked(packages.libc) as root:
        for name in ("ld-linux-x86-64.so.2", "libc.so.6"):
            shutil.copy2(root / _ARCH_LIB / name, support / name)
    series = INCLUDE_NAME[len("vtk-") :]
    shutil.copy2(
        site_packages / "vtkmodules" / "libvtkWrappingTools.so", support / f"libvtkWrappingTools-{series}.so.1"
    )
    (staging / "bin").mkdir()
    for tool in WRAPPING_TOOLS:
        _write_launcher(staging / "bin" / tool)


def _write_launcher(path: Path) -> None:
    path.write_text(
        "#!/bin/sh\n"
        "# Starts the tool with the libc it was built for.\n"
        'support="$(dirname "$(dirname "$0")")/libexec"\n'
        'exec "$support/ld-linux-x86-64.so.2" --library-path "$support" '
        f'"$support/{path.name}" "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)


def _check_tools(staging: Path) -> None:
    for tool in ("vtkWrapHierarchy", "vtkWrapPython"):
        result = subprocess.run(
            [staging / "bin" / tool, "--version"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise SetupError(f"{tool} does not start on this machine: {result.stdout.strip()}")


class _unpacked:
    """Context: a temporary folder with the content of a `.deb` or `.tar.xz`."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._folder = tempfile.TemporaryDirectory(prefix="raterlens-")

    def __enter__(self) -> Path:
        root = Path(self._folder.name)
        if self._archive.suffix == ".deb":
            _unpack_deb(self._archive, root)
        else:
            with tarfile.open(self._archive) as tar:
                tar.extractall(root)  # noqa: S202 - a folder the user named
        return root

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


def _unpack_deb(archive: Path, root: Path) -> None:
    if shutil.which("dpkg-deb") is None:
        raise SetupError("dpkg-deb is needed to unpack Debian packages; install the package `dpkg`.")
    result = subprocess.run(
        ["dpkg-deb", "-x", archive, root], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if result.returncode != 0:
        raise SetupError(f"{archive.name} cannot be unpacked ({result.stdout.strip()}); delete it and run again.")


def _move(source: Path, dest: Path) -> None:
    if not source.is_dir():
        raise SetupError(f"a package holds no {source.name}; is it the right one?")
    dest.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(str(source), str(dest))
