"""A real HTTP server on the loopback address that can answer ranges and break off on purpose."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves ``pages`` (path to content) and notes every request's ``Range``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, bytes] = {}
        self.ranges: list[str | None] = []
        #: Bytes to send before the connection is cut, one entry per coming request.
        self.cut_after: list[int] = []
        #: Status codes to answer instead of the page, one entry per coming request.
        self.refuse_with: list[int] = []
        self.supports_ranges = True

    def url(self, path: str) -> str:
        """The address of a page."""
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def log_message(self, format: str, *args: object) -> None:
        """Keeps the test output quiet."""

    def do_GET(self) -> None:
        """Answers one request by the server's settings."""
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        if self.server.refuse_with:
            self.send_error(self.server.refuse_with.pop(0))
            return
        body = self.server.pages.get(self.path)
        if body is None:
            self.send_error(404)
            return
        start = self._start(wanted)
        if start >= len(body) and start > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.end_headers()
            return
        self._send(body, start)

    def _start(self, wanted: str | None) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", wanted or "")
        return int(match.group(1)) if match and self.server.supports_ranges else 0

    def _send(self, body: bytes, start: int) -> None:
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/octet-stream")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        end = start + self.server.cut_after.pop(0) if self.server.cut_after else len(body)
        self.wfile.write(body[start:end])


@contextlib.contextmanager
def running_server() -> Iterator[FileServer]:
    """A server for the length of a ``with`` block."""
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
