"""Debian packages: find what is missing, install only that, and only with the right to."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable

from . import say
from .errors import SetupError


def missing_packages(packages: Iterable[str]) -> list[str]:
    """Those of ``packages`` that dpkg does not list as installed, in the same order."""
    wanted = list(packages)
    result = subprocess.run(
        ["dpkg-query", "-W", "-f", "${binary:Package} ${db:Status-Status}\n", *wanted],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    installed = set()
    for line in result.stdout.splitlines():
        name, _, status = line.partition(" ")
        if status.strip() == "installed":
            installed.add(name.split(":")[0])
    return [name for name in wanted if name not in installed]


def apt_command(packages: Iterable[str]) -> str:
    """The command a person with root rights would type to install ``packages``."""
    return "sudo apt-get install -y --no-install-recommends " + " ".join(packages)


def ensure_apt(packages: Iterable[str]) -> None:
    """Installs those of ``packages`` that are missing, as root or through sudo.

    Raises SetupError naming every missing package and the command when there is no
    apt-get, when we may not use it, or when it fails.
    """
    wanted = list(packages)
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        raise SetupError(
            "This is not a Debian-like system (no apt-get). Install the equivalents of: "
            + " ".join(wanted)
            + "; then set RATERLENS_SKIP_APT=1 and run again."
        )
    missing = missing_packages(wanted)
    if not missing:
        return
    prefix = _privilege_prefix()
    if prefix is None:
        raise SetupError(_no_right_message(missing))
    say.step(f"installing system packages: {' '.join(missing)}")
    _install(prefix, missing)


def _no_right_message(missing: list[str]) -> str:
    return (
        f"{len(missing)} system package(s) are missing and this user cannot install them: "
        f"{' '.join(missing)}\n"
        f"Ask an administrator to run:\n    {apt_command(missing)}\nthen run the same command again."
    )


def _privilege_prefix() -> list[str] | None:
    """The words before apt-get: none for root, sudo when it works without a question."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run(["sudo", "-n", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if allowed.returncode == 0:
        return ["sudo", "-n"]
    return ["sudo"] if os.isatty(0) else None


def _install(prefix: list[str], packages: list[str]) -> None:
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    if _run([*apt, "update"]) != 0:
        say.warn("apt-get update failed; trying with the package lists that are here")
    if _run([*apt, "install", "-y", "--no-install-recommends", *packages]) != 0:
        raise SetupError(
            "apt-get could not install: " + " ".join(packages) + ". Its messages are above; "
            "after repairing that, run the same command again."
        )


def _run(command: list[str]) -> int:
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
