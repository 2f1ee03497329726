#!/usr/bin/env python3
"""Sets a machine up to build, run and test RaterLens.

    python3 tools/setup.py                  all steps but those for a GPU
    python3 tools/setup.py torch cmake      only these, in this order
    python3 tools/setup.py --list           what there is

Every step may be repeated: what is already there is left alone. Nothing outside the
repository is changed but for the Debian packages of the step ``system``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from raterlens_setup import (  # noqa: E402
    cmake,
    cuda,
    devtools,
    itk,
    itksnap,
    paths,
    rust,
    say,
    slicer_host,
    system,
    torch,
    torch_python,
)
from raterlens_setup.errors import SetupError  # noqa: E402
from raterlens_setup.lock import exclusive  # noqa: E402

STEPS: dict[str, tuple[Callable[[], None], str]] = {
    "system": (system.run, "Debian/Ubuntu packages (root or sudo; only missing ones)"),
    "rust": (rust.run, "checks the Rust tool chain"),
    "torch": (torch.run, "libtorch from the pinned PyTorch wheel"),
    "torch-python": (torch_python.run, "what the parity tests need to import that PyTorch"),
    "cmake": (cmake.run, "a pinned CMake where the machine's is too old"),
    "itk": (itk.run, "ITK of 3D Slicer's SDK, for images other than NIfTI (255 MB)"),
    "slicer-host": (slicer_host.run, "3D Slicer's libraries and VTK's headers"),
    "itksnap": (itksnap.run, "ITK-SNAP's distributed service, which tests start (105 MB)"),
    "dev-tools": (devtools.run, "formatters and linters"),
    "cuda": (cuda.run, "NVIDIA libraries for libtorch (2 GB; only when named)"),
}
#: Steps that ``all`` leaves out.
ONLY_WHEN_NAMED = ("cuda",)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help="steps to run, or 'all' (the default)")
    parser.add_argument("--list", action="store_true", help="list the steps and stop")
    return parser.parse_args(arguments)


def chosen_steps(names: list[str]) -> list[str]:
    """The steps to run, in the order given; raises SetupError for an unknown name."""
    if not names or names == ["all"]:
        return [name for name in STEPS if name not in ONLY_WHEN_NAMED]
    unknown = [name for name in names if name not in STEPS]
    if unknown:
        raise SetupError(f"unknown step: {', '.join(unknown)} (there are: all, {', '.join(STEPS)})")
    return names


def main(arguments: list[str] | None = None) -> int:
    """Runs the steps; returns 0, or 1 after printing what is wrong."""
    options = parse(arguments)
    if options.list:
        for name, (_, description) in STEPS.items():
            print(f"{name:12} {description}")
        return 0
    started = time.monotonic()
    try:
        names = chosen_steps(options.steps)
        with exclusive(paths.CACHE / "setup.lock"):
            say.step("setting up: " + ", ".join(names))
            for name in names:
                STEPS[name][0]()
    except SetupError as error:
        print(f"\nset-up stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up interrupted; run the same command again to go on from here", file=sys.stderr)
        return 130
    say.info(f"set-up done in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
