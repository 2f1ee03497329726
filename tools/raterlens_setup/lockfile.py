"""Reading of lock files: ``name==version`` with every allowed SHA-256, pip's own format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .errors import SetupError

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9.!+_-]+)$")
_HASH = re.compile(r"^--hash=sha256:([0-9a-f]{64})$")


@dataclass(frozen=True)
class Pin:
    """One package of a lock file: its normalised name, its version, its allowed files."""

    name: str
    version: str
    sha256: frozenset[str]


def normalise(name: str) -> str:
    """A project name as package indexes spell it: ``Foo._bar`` becomes ``foo-bar``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(path: Path) -> list[Pin]:
    """All pins of a lock file, in order. Refuses a line without version or without hash."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SetupError(f"cannot read the lock file {path.name}: {error.strerror}") from error
    lines = text.replace("\\\n", " ").splitlines()
    stripped = (line.split(" #")[0].strip() for line in lines)
    return [_pin(path, line) for line in stripped if line and not line.startswith("#")]


def _pin(path: Path, line: str) -> Pin:
    words = line.split()
    pin = _PIN.match(words[0])
    hashes = [_HASH.match(word) for word in words[1:]]
    if pin is None or not hashes or not all(hashes):
        raise SetupError(f"{path.name}: expected 'name==version --hash=sha256:...', found: {line}")
    digests = frozenset(found.group(1) for found in hashes if found)
    return Pin(normalise(pin.group(1)), pin.group(2), digests)
