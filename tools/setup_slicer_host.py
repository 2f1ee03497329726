#!/usr/bin/env python3
"""Makes the folder that CMake needs beside the vtk wheel: headers, wrapping tools, class hierarchies.

Usage: python3 tools/setup_slicer_host.py

The wheels themselves (``tools/requirements/slicer-host.txt``) must already be in ``.cache/venv``;
``setup.py slicer-host`` sees to that. What the wheels lack comes from Debian's packages of the same VTK
version, fetched through a private apt state: no system package is touched. Ends in a moment when nothing is to do.

Environment
  RATERLENS_VENDOR_DIR     folder with those packages, used when the mirror no longer has the version
  RATERLENS_DEBIAN_MIRROR  address of a Debian mirror, when /etc/apt names none
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from raterlens_setup import paths, say  # noqa: E402
from raterlens_setup.errors import SetupError  # noqa: E402
from raterlens_setup.stamps import Stamp  # noqa: E402
from slicer_host import vtk_sdk  # noqa: E402
from slicer_host.packages import find_packages  # noqa: E402
from slicer_host.versions import HostVersions, check_installed  # noqa: E402

SDK = paths.CACHE / "vtk-sdk"


def main() -> int:
    """Runs the step; returns the exit status."""
    try:
        set_up()
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def set_up() -> None:
    """Checks the installed wheels and prepares the SDK folder unless it is there already."""
    versions = HostVersions.read(paths.ROOT)
    site_packages = paths.site_packages()
    check_installed(versions, site_packages)
    stamp = Stamp(
        "vtk-sdk",
        [versions.vtk, *sorted((paths.ROOT / "tools" / "slicer_host").glob("*.py"))],
        [SDK / "include" / vtk_sdk.INCLUDE_NAME, SDK / "bin", SDK / "hierarchy"],
    )
    if stamp.fresh():
        say.info(f"VTK {versions.vtk} headers and wrapping tools are in place")
        return
    say.step(f"VTK {versions.vtk}: headers, wrapping tools and class hierarchies for slicer-core")
    packages = find_packages(versions.vtk, paths.CACHE / "vtk-packages", paths.vendor_dir())
    vtk_sdk.build(packages, site_packages, SDK, versions.vtk)
    stamp.write()
    say.info("VTK SDK ready")


if __name__ == "__main__":
    sys.exit(main())
