"""Unpacking of wheels (zip files), whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from .errors import SetupError


def unpack_wheels(wheels: Iterable[Path], dest: Path) -> None:
    """Unpacks all wheels into the new folder ``dest``, replacing what was there.

    The content is written beside ``dest`` first and renamed into place at the end, so an
    interrupted run leaves either the old folder or the new one.
    """
    dest.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{dest.name}-", dir=dest.parent))
    try:
        staging.chmod(0o755)
        for wheel in wheels:
            unpack_wheel(wheel, staging)
        if dest.exists():
            shutil.rmtree(dest)
        staging.rename(dest)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def unpack_wheel(wheel: Path, dest: Path) -> None:
    """Unpacks one wheel over ``dest``; refuses entries that lead out of the folder."""
    root = dest.resolve()
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if root not in (root / name).resolve().parents:
                    raise SetupError(f"{wheel.name}: entry {name!r} leads out of the folder")
            archive.extractall(root)
    except zipfile.BadZipFile as error:
        raise SetupError(f"{wheel.name} is not a readable wheel ({error}); delete it and run again") from error
