"""ITK-SNAP's Distributed Segmentation Service on the loopback interface, for tests of its providers.

The service is the real middleware ``itksnap-dss-server``, with its real log-in; users act through the calls of its web
interface. It comes with ``tools/setup.py itksnap``, in an environment of its own.
"""

from __future__ import annotations

import http.client
import http.cookiejar
import json
import os
import socket
import sqlite3
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("RATERLENS_ITKSNAP_PYTHON", ROOT / ".cache/itksnap-venv/bin/python"))
PROVIDER = "lab"
USER, LAB = "user@example.com", "lab@example.com"
#: The server's own command, but listening on the loopback interface only.
SERVER = """
import web.httpserver
run = web.httpserver.runsimple
web.httpserver.runsimple = lambda app, address: run(app, ("127.0.0.1", address[1]))
from itksnap_dss_server import cli
cli.main()
"""


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def form_with_file(name: str, data: bytes) -> tuple[bytes, dict[str, str]]:
    """A file as ITK-SNAP uploads it: body and headers."""
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="myfile"; filename="{name}"\r\n\r\n'
    rest = f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="submit"\r\n\r\nsend\r\n--{boundary}--\r\n'
    return head.encode() + data + rest.encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


class Service:
    """The middleware in a folder of its own; may be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.user = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.start()
        with self.database() as base:
            for email, admin in ((USER, 1), (LAB, 0)):
                row = (email, uuid.uuid4().hex, email, admin)
                base.execute(
                    "insert into users (email, passwd, dispname, sysadmin, tier) values (?, ?, ?, ?, 'poweruser')", row
                )
        self.post("login", token=self.token(USER))

    def database(self) -> sqlite3.Connection:
        """What the service knows."""
        return sqlite3.connect(self.folder / "dss.sqlite3", timeout=10)

    def token(self, email: str) -> str:
        """The token that the web page would show to this person."""
        with self.database() as base:
            return base.execute("select passwd from users where email = ?", (email,)).fetchone()[0]

    def start(self) -> None:
        """Starts it and waits until it answers."""
        command = [PYTHON, "-c", SERVER, "--server", "--port", str(self.port), "--cookie-domain", ""]
        command += ["--sqlite-path", str(self.folder / "dss.sqlite3"), "--datastore-root", str(self.folder / "store")]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/api/login", timeout=5).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError((self.folder / "server.log").read_text())

    def stop(self) -> None:
        """Ends it, as a power cut would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        """A call of the user."""
        request = urllib.request.Request(f"{self.url}/{path}", body, headers or {})
        with self.user.open(request, timeout=60) as reply:
            return reply.read()

    def get(self, path: str) -> str:
        """A call of the user."""
        return self.ask(f"api/{path}").decode()

    def post(self, path: str, **form: str) -> str:
        """A call of the user, with a form."""
        return self.ask(f"api/{path}", urllib.parse.urlencode(form).encode()).decode()

    def register(self, services: Path) -> None:
        """What an administrator does once: the provider, its user, its services."""
        self.post("admin/providers", name=PROVIDER)
        self.post(f"admin/providers/{PROVIDER}/users", email=LAB)
        for folder in sorted(services.iterdir()):
            git = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@example.com"]
            subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
            subprocess.run([*git, "add", "service.json"], check=True)
            subprocess.run([*git, "commit", "--quiet", "-m", "service"], check=True)
            self.post(f"admin/providers/{PROVIDER}/services", repo=str(folder), ref="main")

    def submit(self, service: str, workspace: Path) -> int:
        """A ticket with a workspace and the files beside it."""
        ticket = int(self.post("tickets", name=service))
        for path in sorted(workspace.parent.iterdir()):
            self.ask(f"api/tickets/{ticket}/files/input", *form_with_file(path.name, path.read_bytes()))
        self.post(f"tickets/{ticket}/status", status="ready")
        return ticket

    def status(self, ticket: int) -> str:
        """The state of a ticket."""
        return self.get(f"tickets/{ticket}/status").strip()

    def wait(self, tickets: list[int], seconds: float) -> list[str]:
        """Waits until all tickets have ended; returns how."""
        until = time.monotonic() + seconds
        while True:
            states = [self.status(ticket) for ticket in tickets]
            if not {"ready", "claimed", "init"} & set(states) or time.monotonic() > until:
                return states
            time.sleep(0.2)

    def log(self, ticket: int) -> list[dict[str, object]]:
        """The log of a ticket, with its attachments."""
        return json.loads(self.get(f"tickets/{ticket}/detail?since=0"))["result"]["log"]

    def history(self, ticket: int) -> list[str]:
        """All states that a ticket has had, in order."""
        with self.database() as base:
            rows = base.execute("select status from ticket_history where ticket_id = ? order by rowid", (ticket,))
            return [row[0] for row in rows]

    def results(self, ticket: int, folder: Path) -> Path:
        """Downloads a ticket's result and returns its workspace."""
        folder.mkdir(parents=True, exist_ok=True)
        for line in self.get(f"tickets/{ticket}/files/results").splitlines():
            number, name = line.split(",")[:2]
            (folder / name).write_bytes(self.ask(f"api/tickets/{ticket}/files/results/{number}"))
        return folder / f"ticket_{ticket:08d}_results.itksnap"


#: Gets the path and body of a request; returns what arrives, or None for nothing, and whether the answer comes back.
Fault = Callable[[str, bytes], tuple[bytes | None, bool]]


class BadNetwork:
    """A way to the service on which requests may be damaged or lost; with TLS, what a reverse proxy would be."""

    def __init__(self, service: Service, fault: Fault, tls: ssl.SSLContext | None = None) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                arriving, is_answered = fault(self.path, body)
                if arriving is None:
                    self.close_connection = True
                    return
                ahead = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
                ahead.request(self.command, self.path, arriving or None, dict(self.headers))
                reply = ahead.getresponse()
                answer = reply.read()
                ahead.close()
                if not is_answered:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.getheaders():
                    if name.lower() in ("set-cookie", "content-type"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = forward  # noqa: N815 - names of the library

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Ends it."""
        self.server.shutdown()
        self.server.server_close()
