"""An apt of our own: its own lists and cache, other suites, nothing of the system changed."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

from raterlens_setup.errors import SetupError

from .mirror import Mirror

#: Suites that may have the version, first the one that moves slower.
SUITES = ("forky", "sid")


class PrivateApt:
    """apt commands on a private state below ``folder``; works without root rights."""

    def __init__(self, folder: Path, mirror: Mirror) -> None:
        self._folder = folder
        for name in ("lists/partial", "cache/archives/partial", "state"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "host.sources").write_text(
            f"Types: deb\nURIs: {mirror.uri}\nSuites: {' '.join(SUITES)}\nComponents: main\n"
            f"Signed-By: {mirror.keyring}\n",
            encoding="utf-8",
        )

    def update(self) -> None:
        """Fetches the package lists of the suites."""
        self._run("apt-get", "-q", "update")

    def find_version(self, package: str, upstream: str) -> str | None:
        """The newest Debian version of ``package`` whose upstream part is ``upstream``; None if there is none."""
        for line in self._run("apt-cache", "madison", package).splitlines():
            version = line.split("|")[1].strip()
            if version.startswith((f"{upstream}+", f"{upstream}-")):
                return version
        return None

    def download(self, package: str, version: str, dest: Path) -> Path:
        """Brings one package file into ``dest``; apt checks its checksum, also of one that is there."""
        dest.mkdir(parents=True, exist_ok=True)
        self._run("apt-get", "-q", "download", f"{package}={version}", cwd=dest)
        found = sorted(dest.glob(f"{package}_*.deb"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise SetupError(f"apt-get download left no file for {package} {version}.")
        return found[-1]

    def newest(self, package: str) -> str | None:
        """The newest version of ``package`` in the suites."""
        for line in self._run("apt-cache", "madison", package).splitlines():
            return line.split("|")[1].strip()
        return None

    def _run(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        result = subprocess.run(
            [program, *self._options(), *arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            last = (result.stderr.strip() or result.stdout.strip()).splitlines()[-1:]
            raise SetupError(f"{program} {arguments[-1]} failed: {' '.join(last)}")
        return result.stdout

    def _options(self) -> list[str]:
        settings = {
            "Dir::Etc::sourcelist": self._folder / "host.sources",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State": self._folder / "state",
            "Dir::State::lists": self._folder / "lists",
            "Dir::Cache": self._folder / "cache",
            "APT::Sandbox::User": getpass.getuser(),
            "Acquire::Languages": "none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
            "Acquire::Retries": "3",
        }
        return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
