"""Pinned wheels: found by their hash in the index, downloaded resumably, kept in one folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

from . import index, paths, say
from .download import download, sha256_of
from .errors import SetupError
from .lockfile import Pin, normalise, read_lock
from .tags import Tags


def fetch_wheels(lockfile: Path, wheel_dir: Path = paths.WHEELS, python: Path = paths.VENV_PYTHON) -> list[Path]:
    """Brings every package of a lock file to ``wheel_dir`` and returns the files in order.

    Looks for each file in ``wheel_dir``, then in ``RATERLENS_VENDOR_DIR``, then in the
    package index that ``python``'s pip is configured for; there an interrupted download is
    continued. When the index cannot be read this way, ``pip download`` is used instead.

    Raises SetupError when a package cannot be had or its hash is not in the lock file.
    """
    wheel_dir.mkdir(parents=True, exist_ok=True)
    tags = Tags.of(python)
    pins = read_lock(lockfile)
    found: dict[str, Path] = {}
    for pin in pins:
        local = _local_file(pin, wheel_dir, tags)
        if local is not None:
            found[pin.name] = local
    missing = [pin for pin in pins if pin.name not in found]
    for pin in missing:
        found[pin.name] = _fetch_one(pin, wheel_dir, python, tags)
    return [found[pin.name] for pin in pins]


def _local_file(pin: Pin, wheel_dir: Path, tags: Tags) -> Path | None:
    """The file of a pin if it is in the wheel folder or can be copied from the vendor folder."""
    here = _matching(pin, wheel_dir, tags)
    if here is not None:
        return here
    vendor = paths.vendor_dir()
    given = _matching(pin, vendor, tags) if vendor else None
    if given is None:
        return None
    say.info(f"{given.name}: taken from RATERLENS_VENDOR_DIR")
    return download(str(given), wheel_dir / given.name, sha256_of(given))


def _matching(pin: Pin, folder: Path, tags: Tags) -> Path | None:
    for path in sorted(folder.glob(f"*-{pin.version}-*.whl")):
        if normalise(path.name.split("-")[0]) != pin.name or not tags.fit(path.name):
            continue
        if sha256_of(path) in pin.sha256:
            return path
        say.warn(f"{path.name}: its hash is not in the lock file; ignored")
    return None


def _fetch_one(pin: Pin, wheel_dir: Path, python: Path, tags: Tags) -> Path:
    offer = _offer(pin, python, tags)
    if offer is None:
        return _pip_download(pin, wheel_dir, python, tags)
    say.info(f"downloading {offer.filename}")
    path = download(offer.url, wheel_dir / offer.filename, offer.sha256)
    say.info(f"{path.name}: {say.megabytes(path.stat().st_size)}, hash verified")
    return path


def _offer(pin: Pin, python: Path, tags: Tags) -> index.IndexFile | None:
    """The index's file for a pin whose hash the lock file allows, the best tag first."""

    def listing(url: str) -> list[index.IndexFile]:
        return index.project_files(url, pin.name)

    try:
        for url in index.index_urls(python):
            allowed = [file for file in listing(url) if file.sha256 in pin.sha256 and tags.fit(file.filename)]
            if allowed:
                return min(allowed, key=lambda file: tags.rank(file.filename))
    except (OSError, SetupError) as error:
        say.warn(f"the package index could not be read directly ({error}); using pip download")
    return None


def _pip_download(pin: Pin, wheel_dir: Path, python: Path, tags: Tags) -> Path:
    requirement = wheel_dir / f".{pin.name}.txt"
    hashes = " ".join(f"--hash=sha256:{digest}" for digest in sorted(pin.sha256))
    requirement.write_text(f"{pin.name}=={pin.version} {hashes}\n", encoding="utf-8")
    command = [
        *(str(python), "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"),
        *("--require-hashes", "--dest", str(wheel_dir), "-r", str(requirement)),
    ]
    try:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
    finally:
        requirement.unlink()
    path = _matching(pin, wheel_dir, tags) if code == 0 else None
    if path is None:
        raise SetupError(
            f"{pin.name} {pin.version} could not be downloaded for {tags.describe()}. pip's messages are above. "
            "Check the network and pip's index settings, or put the wheel into a folder and set "
            "RATERLENS_VENDOR_DIR to it (docs/building.md lists the files)."
        )
    return path
