"""Step ``rust``: checks the Rust tool chain, which is expected to be installed already."""

from __future__ import annotations

import re
import shutil
import subprocess

from . import say
from .errors import SetupError

MINIMUM = (1, 88)
TESTED = "1.95"


def run() -> None:
    """Raises SetupError when cargo is missing or too old."""
    program = shutil.which("cargo")
    if program is None:
        raise SetupError(
            f"cargo is not on PATH. Install Rust {TESTED} with rustup (or a package of your system) and run again."
        )
    result = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=False)
    match = re.search(r"cargo (\d+)\.(\d+)", result.stdout)
    found = (int(match.group(1)), int(match.group(2))) if match else (0, 0)
    if found < MINIMUM:
        raise SetupError(
            "cargo {}.{} is too old: {}.{} or newer is needed ({} is tested). Try: rustup update".format(
                *found, *MINIMUM, TESTED
            )
        )
    say.info("rust {}.{}: the machine's own is used".format(*found))
