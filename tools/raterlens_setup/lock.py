"""One set-up at a time: a second one waits for the first."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from . import say

try:
    import fcntl
except ImportError:  # Windows: no waiting, the steps still write whole files only.
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def exclusive(lock_file: Path) -> Iterator[None]:
    """Holds ``lock_file`` while the body runs; freed by the system if the process dies."""
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with open(lock_file, "w", encoding="ascii") as handle:
        if fcntl is not None:
            _wait(handle.fileno())
        yield


def _wait(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say.info("another set-up is running here; waiting for it to end")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
