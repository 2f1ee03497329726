#!/usr/bin/env python3
"""Draws what a rater sees in ITK-SNAP when ``raterlens serve`` answers: a slice, a click, a correction.

    .cache/venv/bin/python tools/pictures/itksnap_clicks.py docs/img/itksnap-clicks.png

starts the server (``build/bin/raterlens``) on a free loopback port, sends the requests that ITK-SNAP sends, and draws
the masks that come back over the slice. No ITK-SNAP takes part: its window looks otherwise.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.serve_load import ROOT, Client, Image  # noqa: E402

IMAGE = ROOT / "samples" / "demo-lumbar" / "image.nii.gz"
SLICE = 4
#: A voxel of a structure, and one beside it that belongs to it in the rater's eyes (i, j).
CLICK, CORRECTION = (62, 190), (86, 196)
#: Part of the slice that is shown: columns, rows.
SHOWN = (slice(48, 112), slice(164, 228))
SCALE = 6
BLUE, ORANGE, GREEN, GREY = (80, 160, 255), (255, 150, 40), (60, 220, 90), (40, 40, 40)


def png(pixels: numpy.ndarray) -> bytes:
    """Pixels [row, column, 3] as a file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


Color = tuple[int, int, int]


def panel(grey: numpy.ndarray, masks: list[tuple[numpy.ndarray, Color]], marks: list[tuple[int, int]]) -> numpy.ndarray:
    """The slice with half transparent masks and a cross at each mark, enlarged."""
    pixels = numpy.repeat(grey[..., None], 3, axis=2)
    for mask, color in masks:
        pixels[mask] = 0.6 * pixels[mask] + 0.4 * numpy.array(color)
    columns, rows = SHOWN
    pixels = pixels[rows, columns].repeat(SCALE, 0).repeat(SCALE, 1)
    for i, j in marks:
        x, y = ((value - shown.start) * SCALE + SCALE // 2 for value, shown in zip((i, j), SHOWN, strict=True))
        pixels[y - 6 : y + 7, x - 1 : x + 2] = GREEN
        pixels[y - 1 : y + 2, x - 6 : x + 7] = GREEN
    return pixels.astype(numpy.uint8)


def draw(image: Image, client: Client) -> numpy.ndarray:
    """Asks as a rater does; returns the three panels side by side."""
    shape = image.dims[::-1]
    grey = numpy.array(image.voxels, dtype=float).reshape(shape)[SLICE]
    grey = 255 * (grey - grey.min()) / (grey.max() - grey.min())
    client.upload(image.form(image.voxels[0]))
    masks = []
    for at in (CLICK, CORRECTION):
        _, mask = client.click([*at, SLICE], True)
        masks.append(numpy.frombuffer(mask, numpy.uint8).reshape(shape)[SLICE] > 0)
    first, second = masks
    changed = [(first & second, BLUE), (first != second, ORANGE)]
    panels = [panel(grey, [], [CLICK]), panel(grey, [(first, BLUE)], [CORRECTION]), panel(grey, changed, [])]
    gap = numpy.full((panels[0].shape[0], 8, 3), GREY, numpy.uint8)
    return numpy.concatenate([panels[0], gap, panels[1], gap, panels[2]], axis=1)


def main() -> int:
    """Starts the server, draws, and stops it."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    command = [ROOT / "build" / "bin" / "raterlens", "serve", "--port", "0", "--device", "cpu"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            line = server.stdout.readline() if server.stdout else ""
            client = Client(int(line.rsplit(":", 1)[1]))
            Path(sys.argv[1]).write_bytes(png(draw(Image(IMAGE), client)))
        finally:
            server.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
