"""The package index pip is configured for, read by the standard simple-repository protocol.

No address is written down here: it is asked from pip, so mirrors and private indexes work.
"""

from __future__ import annotations

import html.parser
import subprocess
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .download import TIMEOUT_S, tls_context
from .errors import SetupError

_ASK_PIP = """
from pip._internal.cli.main_parser import create_main_parser
from pip._internal.commands import create_command
options, _ = create_command("download").parse_args([])
print(options.index_url or "")
for url in options.extra_index_urls or []:
    print(url)
"""


@dataclass(frozen=True)
class IndexFile:
    """One file an index offers for a project."""

    filename: str
    url: str
    sha256: str | None
    yanked: bool


def index_urls(python: Path) -> list[str]:
    """The index addresses of ``python``'s pip, its configuration and environment applied."""
    result = subprocess.run([str(python), "-c", _ASK_PIP], capture_output=True, text=True, check=False)
    urls = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    if result.returncode != 0 or not urls:
        raise SetupError("pip does not say which package index it uses")
    return urls


def project_files(index_url: str, project: str) -> list[IndexFile]:
    """All files an index lists for a project (normalised name). Raises OSError."""
    url = index_url.rstrip("/") + "/" + urllib.parse.quote(project) + "/"
    request = urllib.request.Request(url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=tls_context()) as response:
        page = response.read().decode("utf-8", errors="replace")
        parser = _Links(response.url)
    parser.feed(page)
    return parser.files


class _Links(html.parser.HTMLParser):
    """Collects the anchors of a simple index page (its hash is the URL's fragment)."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base_url = base_url
        self.files: list[IndexFile] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes: dict[str, str | None] = dict(attrs)
        if tag != "a" or not attributes.get("href"):
            return
        full = urllib.parse.urljoin(self._base_url, attributes["href"] or "")
        url, fragment = urllib.parse.urldefrag(full)
        filename = urllib.parse.unquote(url.rsplit("/", 1)[-1])
        self.files.append(IndexFile(filename, url, _sha256(fragment), "data-yanked" in attributes))


def _sha256(fragment: str) -> str | None:
    for part in fragment.split("&"):
        key, _, value = part.partition("=")
        if key == "sha256":
            return value.lower()
    return None
