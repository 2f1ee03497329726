#!/usr/bin/env python3
"""Finds dead relative links and anchors in the Markdown files of the repository."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import unquote

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from checks.files import ROOT, repository_files  # noqa: E402

_CODE = re.compile(r"^(```|~~~).*?^\1\s*$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$", re.MULTILINE)
_HTML = re.compile(r"<(?:img|a)\b[^>]*?\b(?:src|href)=\"([^\"]+)\"", re.IGNORECASE)
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def targets(markdown: str) -> list[str]:
    """The link targets of a page, code left out."""
    text = _CODE.sub("", markdown)
    return [target for pattern in (_LINK, _REFERENCE, _HTML) for target in pattern.findall(text)]


def anchors(markdown: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", markdown, re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
        copies = sum(1 for name in found if re.fullmatch(re.escape(words) + r"(-\d+)?", name))
        found.add(f"{words}-{copies}" if copies else words)
    return found


def problem(page: Path, target: str) -> str | None:
    """Why a link of ``page`` is dead; None when it leads somewhere or out of the repository."""
    if _ELSEWHERE.match(target):
        return None
    name, _, anchor = unquote(target).partition("#")
    path = page if not name else (ROOT / name[1:] if name.startswith("/") else page.parent / name)
    if not path.exists():
        return f"no such file: {name}"
    if ROOT not in path.resolve().parents:
        return f"leads out of the repository: {name}"
    if anchor and path.suffix == ".md" and anchor not in anchors(path.read_text(encoding="utf-8")):
        return f"no such heading: #{anchor}"
    return None


def main() -> int:
    """Prints every dead link; returns 1 if there is one."""
    pages = repository_files(".md")
    dead = [
        f"{page.relative_to(ROOT)}: {why}"
        for page in pages
        for target in targets(page.read_text(encoding="utf-8"))
        if (why := problem(page, target))
    ]
    print("\n".join([*dead, f"links: {len(pages)} pages, {len(dead)} dead links"]))
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
