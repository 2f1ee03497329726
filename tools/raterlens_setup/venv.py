"""The project's own Python environments in ``.cache``; the machine's is not touched."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from . import paths, say
from .errors import SetupError
from .stamps import Stamp
from .wheels import fetch_wheels

#: The Python the pinned wheels are tested with, and others they exist for (untested).
TESTED = (3, 11)
POSSIBLE = ((3, 11), (3, 12), (3, 13))


def ensure_venv(venv: Path = paths.VENV) -> Path:
    """Makes an environment (``.cache/venv``) if it is not there and returns its interpreter."""
    python = venv / "bin" / "python"
    if python.exists() and _works(python):
        return python
    base = _base_python()
    say.step(f"making a Python environment in .cache/{venv.name} with {base}")
    if venv.exists():
        shutil.rmtree(venv)
    result = subprocess.run([base, "-m", "venv", str(venv)], check=False)
    if result.returncode != 0:
        raise SetupError(f"{base} -m venv failed. On Debian and Ubuntu: apt-get install python3-venv")
    return python


def pip_install_lock(lockfile: Path, venv: Path = paths.VENV) -> None:
    """Installs exactly the pinned packages into an environment, ``.cache/venv`` (downloads are resumable)."""
    python = ensure_venv(venv)
    stamp = Stamp(f"venv-{lockfile.stem}", [lockfile, _identity(python)], [python])
    if stamp.fresh():
        say.info(f"{lockfile.name}: already there")
        return
    say.step(f"installing {lockfile.name} into .cache/{venv.name}")
    fetch_wheels(lockfile, paths.WHEELS, python)
    command = [
        *(str(python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--require-hashes"),
        *("--find-links", str(paths.WHEELS), "-r", str(lockfile)),
    ]
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise SetupError(f"pip could not install {lockfile.name}; its messages are above")
    stamp.write()


def _identity(python: Path) -> str:
    """Changes when the environment is made anew, so that its stamps do not outlive it."""
    config = python.parent.parent / "pyvenv.cfg"
    return f"{config.stat().st_mtime_ns}" if config.exists() else "none"


def _works(python: Path) -> bool:
    probe = [str(python), "-c", "import pip"]
    return subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 0


def _base_python() -> str:
    """The running interpreter if it is the tested version, else the best one on PATH."""
    if sys.version_info[:2] == TESTED:
        return sys.executable
    named = (shutil.which("python{}.{}".format(*version)) for version in POSSIBLE)
    candidates = [path for path in (*named, sys.executable) if path]
    usable = [(version, path) for path in candidates if (version := _version(path)) in POSSIBLE]
    if not usable:
        raise SetupError(
            "No usable Python: the pinned wheels exist for CPython 3.11 (tested), 3.12 and 3.13 (untested); "
            f"this is {sys.version.split()[0]}. Install python3.11 and python3.11-venv and run again."
        )
    version, path = min(usable, key=lambda item: item[0] != TESTED)
    if version != TESTED:
        say.warn("Python {}.{}: the pinned wheels exist for it, but only 3.11 is tested".format(*version))
    return path


def _version(path: str) -> tuple[int, int]:
    probe = "import sys; print(sys.version_info[0], sys.version_info[1])"
    result = subprocess.run(
        [path, "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )
    words = result.stdout.split()
    return (int(words[0]), int(words[1])) if len(words) == 2 else (0, 0)
