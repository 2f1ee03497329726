"""Makes ``import torch`` work: with an installed PyTorch, or with the wheel that ``make setup`` unpacked.

PyTorch's wheel for Linux wants 2.7 GB of NVIDIA libraries when it is imported, although nothing here runs on a GPU. For
those that are not installed, empty libraries of the same names and versions stand in (made by the C compiler that Rust
needs, too). Functions are bound when they are first called, and no CUDA function ever is.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHEEL = ROOT / ".cache" / "torch"
MARK = "RATERLENS_PARITY_STAND_INS"
#: Exit code that CTest counts as skipped.
SKIPPED = 77


def skip(reason: str) -> None:
    """Ends the test as skipped."""
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def ensure_torch(folder: Path) -> None:
    """Returns when torch can be imported; else starts this program again with what it needs.

    ``folder`` gets the stand-ins. Exits as skipped, with the reason, where there is no PyTorch 2.11.
    """
    sys.setdlopenflags(os.RTLD_LAZY)
    if importlib.util.find_spec("torch") is not None:
        return
    if os.environ.get(MARK):
        skip("PyTorch's wheel cannot be imported")
    if not (WHEEL / "torch" / "lib" / "libtorch_python.so").is_file():
        skip("no PyTorch: neither installed nor in .cache/torch (make setup)")
    if importlib.util.find_spec("typing_extensions") is None:
        skip("no typing_extensions in this Python (python3 tools/setup.py torch-python)")
    make_stand_ins(folder)
    paths = [str(WHEEL), *filter(None, [os.environ.get("PYTHONPATH")])]
    libraries = [str(folder), *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    os.environ.update({MARK: "1", "PYTHONPATH": os.pathsep.join(paths), "LD_LIBRARY_PATH": os.pathsep.join(libraries)})
    os.execv(sys.executable, [sys.executable, *sys.argv])


def make_stand_ins(folder: Path) -> None:
    """Makes an empty library for each that the wheel needs and that is not there."""
    compiler = shutil.which("cc")
    if compiler is None:
        skip("no C compiler 'cc' to make stand-ins for NVIDIA's libraries")
    folder.mkdir(parents=True, exist_ok=True)
    for name, versions in missing_libraries().items():
        script = folder / f"{name}.map"
        script.write_text("".join(f"{version} {{ }};\n" for version in versions), encoding="ascii")
        command = [compiler, "-shared", "-x", "c", "-o", str(folder / name), f"-Wl,-soname,{name}"]
        command += [f"-Wl,--version-script={script}"] if versions else []
        subprocess.run([*command, os.devnull], check=True)


def missing_libraries() -> dict[str, list[str]]:
    """Names of libraries that the wheel's need and that are not found, with the symbol versions asked of them."""
    missing: dict[str, set[str]] = {}
    files = [WHEEL / "torch" / "lib" / f"libtorch_{part}.so" for part in ("python", "cuda", "cuda_linalg", "nvshmem")]
    for file in files:
        listed = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=True).stdout
        for name in re.findall(r"^\s*(\S+) => not found", listed, re.MULTILINE):
            missing.setdefault(name, set())
    for file in files:
        needed = subprocess.run(["readelf", "-VW", str(file)], capture_output=True, text=True, check=True).stdout
        library = None
        for line in needed.splitlines():
            if found := re.search(r"File: (\S+)", line):
                library = found.group(1)
            elif (found := re.search(r"Name: (\S+)", line)) and library in missing:
                missing[library].add(found.group(1))
    return {name: sorted(versions) for name, versions in missing.items()}
