"""Which wheels a Python can use."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from .errors import SetupError

_ASK = """
import json
from pip._vendor.packaging import tags
print(json.dumps([str(tag) for tag in tags.sys_tags()]))
"""


class Tags:
    """The compatibility tags of one interpreter, best first."""

    def __init__(self, tags: Iterable[str]) -> None:
        self._rank: dict[str, int] = {}
        for position, tag in enumerate(tags):
            self._rank.setdefault(tag, position)

    @classmethod
    def of(cls, python: Path) -> Tags:
        """Asks the pip of ``python``."""
        result = subprocess.run([str(python), "-c", _ASK], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise SetupError(f"{python} has no usable pip: {result.stderr.strip().splitlines()[-1:]}")
        return cls(json.loads(result.stdout))

    def rank(self, filename: str) -> int:
        """The position of the best tag of a wheel; larger than any position if none fits."""
        return min((self._rank.get(tag, len(self._rank)) for tag in wheel_tags(filename)), default=len(self._rank))

    def fit(self, filename: str) -> bool:
        """True when the wheel can be used by this interpreter."""
        return self.rank(filename) < len(self._rank)

    def describe(self) -> str:
        """The best tag, for messages: ``cp311-cp311-manylinux_2_36_x86_64``."""
        return next(iter(self._rank), "unknown")


def wheel_tags(filename: str) -> list[str]:
    """All tags of a wheel's file name (compressed sets expanded); empty if it is no wheel."""
    parts = filename[: -len(".whl")].split("-") if filename.endswith(".whl") else []
    if len(parts) < 5:
        return []
    pythons, abis, platforms = (part.split(".") for part in parts[-3:])
    return [f"{python}-{abi}-{platform}" for python in pythons for abi in abis for platform in platforms]
