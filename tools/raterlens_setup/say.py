"""What the set-up tells the person who runs it, one short line at a time."""

from __future__ import annotations

import sys


def step(text: str) -> None:
    """Announces a step that does work."""
    print(f"==> {text}", flush=True)


def info(text: str) -> None:
    """A detail of the current step."""
    print(f"    {text}", flush=True)


def warn(text: str) -> None:
    """Something that is not an error but that the reader should know."""
    print(f"    warning: {text}", file=sys.stderr, flush=True)


def megabytes(size: int) -> str:
    """A size in bytes as text, for example ``"530.6 MB"``."""
    return f"{size / 1e6:.1f} MB"
