"""Downloads that survive an interruption: partial file, HTTP ranges, checksum, retries."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from . import say
from .errors import SetupError

CHUNK_BYTES = 1 << 20
ATTEMPTS = 6
TIMEOUT_S = 60.0

#: Failures that a later try may not meet.
_TRANSIENT = (OSError, http.client.HTTPException)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file as lower-case hexadecimal text."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        for chunk in iter(lambda: handle.read(CHUNK_BYTES), b""):
            digest.update(chunk)
    return digest.hexdigest()


def tls_context() -> ssl.SSLContext:
    """The TLS settings pip would use: its certificate file when one is named."""
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        value = os.environ.get(name)
        if value and Path(value).is_file():
            return ssl.create_default_context(cafile=value)
    return ssl.create_default_context()


def download(
    url: str,
    dest: Path,
    sha256: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Brings ``url`` to ``dest`` and returns ``dest``.

    What has arrived is kept in ``dest.part``; the next call asks the server for the rest
    only. With ``sha256`` the file appears under its name only if the checksum is right, and
    a file that already has it is left alone. ``url`` may also be ``file://`` or a path.

    Raises SetupError when the checksum is wrong (the bad data is deleted) or when
    ``ATTEMPTS`` tries in a row brought nothing (the partial file is kept).
    """
    if dest.exists() and (sha256 is None or sha256_of(dest) == sha256):
        return dest
    dest.parent.mkdir(parents=True, exist_ok=True)
    part = dest.with_name(dest.name + ".part")
    local = _local_path(url)
    if local is not None:
        shutil.copyfile(local, part)
    else:
        _fetch_with_retries(url, part, sleep)
    _accept(part, dest, sha256)
    return dest


def _accept(part: Path, dest: Path, sha256: str | None) -> None:
    if sha256 is not None:
        found = sha256_of(part)
        if found != sha256:
            part.unlink()
            raise SetupError(
                f"{dest.name}: the downloaded file has SHA-256 {found}, expected {sha256}. "
                "It was deleted; run again, and if this repeats do not trust the source."
            )
    part.replace(dest)


def _local_path(url: str) -> Path | None:
    parsed = urllib.parse.urlsplit(url)
    if parsed.scheme == "file":
        return Path(urllib.request.url2pathname(parsed.path))
    return None if parsed.scheme in ("http", "https") else Path(url)


def _fetch_with_retries(url: str, part: Path, sleep: Callable[[float], None]) -> None:
    failures = 0
    while True:
        before = _size(part)
        try:
            _fetch_rest(url, part)
            return
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code not in (408, 429):
                raise SetupError(f"{part.stem}: the server answered {error.code} {error.reason}") from error
            failures = _after_failure(part, before, failures, f"HTTP {error.code}")
        except _TRANSIENT as error:
            failures = _after_failure(part, before, failures, str(error) or type(error).__name__)
        sleep(min(30.0, 2.0 ** (failures - 1)))


def _after_failure(part: Path, before: int, failures: int, why: str) -> int:
    """Counts failures in a row (progress starts the count anew); gives up at the limit."""
    failures = 1 if _size(part) > before else failures + 1
    if failures >= ATTEMPTS:
        raise SetupError(
            f"{part.stem}: the download stopped {ATTEMPTS} times in a row ({why}). "
            f"{say.megabytes(_size(part))} are kept; run the same command again to go on from there."
        )
    say.info(f"{part.stem}: interrupted at {say.megabytes(_size(part))} ({why}); trying again")
    return failures


def _fetch_rest(url: str, part: Path) -> None:
    """One request for what is missing; raises when the connection ends too early."""
    have = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S, context=tls_context())
    except urllib.error.HTTPError as error:
        if error.code == 416 and _complete_at(error.headers.get("Content-Range"), have):
            return
        if error.code == 416:
            part.unlink()
            raise ConnectionError("the partial file does not fit the server's file; starting anew") from error
        raise
    with response:
        resumed = response.status == 206 and _range_start(response.headers.get("Content-Range")) == have
        if have and resumed:
            say.info(f"{part.stem}: going on from {say.megabytes(have)}")
        _store(response, part, "ab" if resumed else "wb")


def _store(response: http.client.HTTPResponse, part: Path, mode: str) -> None:
    announced = response.headers.get("Content-Length")
    received = 0
    with open(part, mode) as handle:
        for chunk in iter(lambda: response.read(CHUNK_BYTES), b""):
            handle.write(chunk)
            received += len(chunk)
    if announced is not None and received < int(announced):
        raise ConnectionError(f"the connection ended after {received} of {announced} bytes")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _range_start(content_range: str | None) -> int | None:
    """The first byte in ``bytes 100-199/200``; None when the header says nothing usable."""
    try:
        return int((content_range or "").split()[1].split("-")[0])
    except (IndexError, ValueError):
        return None


def _complete_at(content_range: str | None, size: int) -> bool:
    """True when ``bytes */SIZE`` (the answer 416) says that we have everything."""
    return (content_range or "").replace(" ", "") == f"bytes*/{size}"
