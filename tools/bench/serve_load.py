#!/usr/bin/env python3
"""Times ``raterlens serve`` as its clients see it, and how much memory it takes.

    python3 tools/bench/serve_load.py image.nii.gz --sessions 32 --seconds 600

starts the server (``build/bin/raterlens``) on a free loopback port. Each client uploads the
image with one voxel changed, so that none is answered from another's work, then clicks on it
again and again, one click a second, and now and then resets and uploads anew. Any answer but
200 with a mask of the right size stops the run with an error.
"""

from __future__ import annotations

import argparse
import array
import base64
import gzip
import http.client
import json
import random
import re
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOUNDARY = "------------------------raterlensServeLoad00"
TYPES = {2: "B", 4: "h", 8: "i", 16: "f", 64: "d", 256: "b", 512: "H"}


class Image:
    """A NIfTI-1 image of one file: float32 voxels and the description that ITK-SNAP would send."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        self.dims = list(struct.unpack_from("<3h", data, 42))
        spacing = [abs(value) for value in struct.unpack_from("<3f", data, 80)]
        offset, slope, intercept = struct.unpack_from("<3f", data, 108)
        kind = TYPES[struct.unpack_from("<h", data, 70)[0]]
        count = self.dims[0] * self.dims[1] * self.dims[2]
        size = struct.calcsize(kind)
        stored = array.array(kind, data[int(offset) : int(offset) + size * count])
        slope = slope or 1.0
        self.voxels = array.array("f", (slope * value + intercept for value in stored))
        rows = affine(data, spacing)
        signs = (-1.0, -1.0, 1.0)
        direction = [signs[row] * rows[row][axis] / spacing[axis] for row in range(3) for axis in range(3)]
        self.metadata = json.dumps(
            {
                "component_type": "float32",
                "components_per_pixel": 1,
                "dimensions": self.dims,
                "direction": direction,
                "origin": [signs[row] * rows[row][3] for row in range(3)],
                "spacing": spacing,
            }
        )

    def form(self, first_voxel: float) -> bytes:
        """The upload's body; the first voxel tells this image from others."""
        voxels = self.voxels[:]
        voxels[0] = first_voxel
        packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        packed = packer.compress(voxels.tobytes()) + packer.flush()
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="image.gz"\r\n\r\n'
        rest = f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{self.metadata}'
        return head.encode() + packed + rest.encode() + f"\r\n--{BOUNDARY}--\r\n".encode()


def affine(data: bytes, spacing: list[float]) -> list[list[float]]:
    """The three rows of RAS from ijk: the header's sform, else its qform."""
    if struct.unpack_from("<h", data, 254)[0] > 0:
        return [list(struct.unpack_from("<4f", data, 280 + 16 * row)) for row in range(3)]
    b, c, d, *offset = struct.unpack_from("<6f", data, 256)
    a = max(0.0, 1.0 - b * b - c * c - d * d) ** 0.5
    turn = [
        [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
    ]
    sign = -1.0 if struct.unpack_from("<f", data, 76)[0] < 0 else 1.0
    scale = [spacing[0], spacing[1], spacing[2] * sign]
    return [[turn[row][axis] * scale[axis] for axis in range(3)] + [offset[row]] for row in range(3)]


class Client:
    """One ITK-SNAP."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.session = json.loads(self.ask("GET", "/v2/start_session/nnInteractive"))["session_id"]

    def ask(self, method: str, target: str, body: bytes | None = None) -> bytes:
        """One request on a connection of its own, as libcurl makes it there."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"} if body else {}
        connection.request(method, target, body, headers)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        if reply.status != 200:
            raise RuntimeError(f"{target}: {reply.status} {text.decode()}")
        return text

    def upload(self, body: bytes) -> float:
        """Uploads an image; returns the seconds until its segmentation is there."""
        began = time.perf_counter()
        self.ask("POST", f"/upload_raw/{self.session}?filename=upload.nii.gz", body)
        return time.perf_counter() - began

    def click(self, at: list[int], foreground: bool) -> tuple[float, bytes]:
        """Clicks; returns the seconds until the answer and the mask."""
        point = "".join(f"point={value}&" for value in at)
        target = f"/v2/process_point_interaction/{self.session}?{point}foreground={str(foreground).lower()}"
        began = time.perf_counter()
        text = self.ask("GET", target)
        seconds = time.perf_counter() - began
        return seconds, gzip.decompress(base64.b64decode(json.loads(text)["result"]))

    def reset(self) -> None:
        """Another label was chosen."""
        self.ask("GET", f"/reset_interactions/{self.session}")


class Totals:
    """What all clients saw."""

    def __init__(self) -> None:
        self.clicks: list[float] = []
        self.uploads: list[float] = []
        self.errors: list[str] = []
        self.lock = threading.Lock()


def find_structure(client: Client, dims: list[int]) -> list[int]:
    """A voxel on or near a structure: the first of a grid of places that the server accepts."""
    for slice_ in (dims[2] // 2, dims[2] // 3, 2 * dims[2] // 3):
        for row in (0.5, 0.6, 0.7, 0.4, 0.3):
            for column in (0.4, 0.6, 0.5, 0.3):
                at = [int(column * dims[0]), int(row * dims[1]), slice_]
                try:
                    client.click(at, True)
                except RuntimeError as refused:
                    if "no structure" not in str(refused):
                        raise
                else:
                    client.reset()
                    return at
    raise RuntimeError("the model finds no structure in this image")


def rater(number: int, image: Image, port: int, options: argparse.Namespace, until: float, totals: Totals) -> None:
    """One client's work until the time is over."""
    chance = random.Random(number)
    try:
        client = Client(port)
        while time.monotonic() < until:
            seconds = client.upload(image.form(1000.0 * number + chance.random()))
            with totals.lock:
                totals.uploads.append(seconds)
            start = find_structure(client, image.dims)
            for click in range(options.clicks):
                if time.monotonic() >= until:
                    break
                spread = 0 if click == 0 else 12
                at = [
                    min(max(start[axis] + chance.randint(-spread, spread), 0), image.dims[axis] - 1) for axis in (0, 1)
                ]
                seconds, mask = client.click([*at, start[2]], click % 3 != 2)
                if len(mask) != image.dims[0] * image.dims[1] * image.dims[2] or max(mask) > 1:
                    raise RuntimeError("a mask of the wrong size or with other values than 0 and 1")
                with totals.lock:
                    totals.clicks.append(seconds)
                time.sleep(options.pause)
        client.ask("GET", f"/v2/end_session/{client.session}")
    except Exception as error:  # noqa: BLE001 - whatever it is, the run has failed
        with totals.lock:
            totals.errors.append(f"client {number}: {error}")


def memory_mb(process: int, name: str) -> float:
    """A line of the process's status, in megabytes."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024 if found else float("nan")


def percentile(values: list[float], percent: int) -> float:
    """Of seconds, in milliseconds."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def run(options: argparse.Namespace, image: Image, server: subprocess.Popen[str]) -> int:
    """Runs the clients and prints what they saw."""
    line = server.stdout.readline() if server.stdout else ""
    port = int(line.rsplit(":", 1)[1])
    threading.Thread(target=lambda: server.stdout.read() if server.stdout else "", daemon=True).start()
    idle = memory_mb(server.pid, "VmRSS")
    totals = Totals()
    until = time.monotonic() + options.seconds
    arguments = (image, port, options, until, totals)
    clients = [threading.Thread(target=rater, args=(n, *arguments)) for n in range(options.sessions)]
    for client in clients:
        client.start()
    samples: list[float] = []
    while any(client.is_alive() for client in clients):
        samples.append(memory_mb(server.pid, "VmRSS"))
        time.sleep(min(5, options.seconds / 10))
    for error in totals.errors:
        print("error:", error)
    if not totals.clicks:
        return 1
    print(f"image {image.dims}, {options.sessions} clients, {options.seconds} s")
    print(f"uploads with segmentation: {len(totals.uploads)}, median {percentile(totals.uploads, 50) / 1000:.1f} s")
    marks = [percentile(totals.clicks, percent) for percent in (50, 95, 100)]
    times = f"median {marks[0]:.0f} ms, 95th percentile {marks[1]:.0f} ms, slowest {marks[2]:.0f} ms"
    print(f"clicks: {len(totals.clicks)}, {times}")
    half = samples[len(samples) // 2 :]
    print(f"server memory: {idle:.0f} MB idle, {max(samples):.0f} MB at most, {max(half):.0f} MB in the second half")
    print(f"errors: {len(totals.errors)}")
    return 1 if totals.errors else 0


def main() -> int:
    """Reads the command line, starts the server, and stops it afterwards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", type=Path)
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--clicks", type=int, default=60, help="clicks on one image before the next is uploaded")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between clicks of one client")
    parser.add_argument("--program", type=Path, default=ROOT / "build/bin/raterlens")
    parser.add_argument("serve", nargs="*", help="further arguments of raterlens serve, after --")
    options = parser.parse_args()
    image = Image(options.image)
    command = [options.program, "serve", "--port", "0", "--sessions", str(max(options.sessions, 1)), *options.serve]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            return run(options, image, server)
        finally:
            server.terminate()


if __name__ == "__main__":
    sys.exit(main())
