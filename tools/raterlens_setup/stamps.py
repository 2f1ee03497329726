"""Stamps: remember that a step is done for exactly these inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Union

from . import paths

Input = Union[str, Path]  # noqa: UP007 (evaluated: older Pythons start the set-up, too)


class Stamp:
    """A step is fresh when its inputs hash to the recorded key and its outputs exist.

    ``inputs`` are texts or files (a file counts by its content, a missing file by its
    absence); ``outputs`` are files or folders the step leaves behind.
    """

    def __init__(self, name: str, inputs: Iterable[Input], outputs: Iterable[Path]) -> None:
        self._file = paths.STAMPS / name
        self._inputs: list[Input] = list(inputs)
        self._outputs: list[Path] = list(outputs)

    def key(self) -> str:
        """The hash of all inputs, in order."""
        digest = hashlib.sha256()
        for item in self._inputs:
            digest.update(_content(item))
            digest.update(b"\0")
        return digest.hexdigest()

    def fresh(self) -> bool:
        """True when nothing has to be done."""
        if not all(path.exists() for path in self._outputs):
            return False
        try:
            return self._file.read_text(encoding="ascii").strip() == self.key()
        except (OSError, UnicodeDecodeError):
            return False

    def write(self) -> None:
        """Records that the step is done."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_name(self._file.name + ".part")
        partial.write_text(self.key() + "\n", encoding="ascii")
        partial.replace(self._file)


def _content(item: Input) -> bytes:
    if isinstance(item, str):
        return b"text:" + item.encode("utf-8")
    try:
        return b"file:" + item.read_bytes()
    except FileNotFoundError:
        return b"absent:" + item.name.encode("utf-8")
