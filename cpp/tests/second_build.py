"""A second build does nothing: cargo and CMake leave every artefact of the wrapper untouched."""

import subprocess
import sys
from pathlib import Path


def build(cmake: str, folder: str) -> None:
    """Builds the wrapper and, with it, the Rust core."""
    subprocess.run([cmake, "--build", folder, "--target", "raterlens_cpp"], check=True)


def main() -> int:
    """second_build.py CMAKE BUILD_FOLDER ARTEFACT..."""
    cmake, folder, *artefacts = sys.argv[1:]
    build(cmake, folder)
    before = {name: Path(name).stat().st_mtime_ns for name in artefacts}
    build(cmake, folder)
    rebuilt = [name for name in artefacts if Path(name).stat().st_mtime_ns != before[name]]
    for name in rebuilt:
        print(f"the second build wrote {Path(name).name} again")
    return 1 if rebuilt else 0


if __name__ == "__main__":
    sys.exit(main())
