"""Describes the public L4/L5 label maps of the muscles along the spine as a study without images.

    python3 tools/studies/lumbar_labels.py DATA STUDY
    raterlens train STUDY/study.toml -o runs --set augment=synth

DATA is a folder with `manifest.json` and `l4l5_labels/T1/*.png`, `l4l5_labels/T2/*.png`: grey pictures of 8 bits in
radiological display, 50 and 200 the right and left erector spinae, 100 and 150 the right and left multifidus
(GitHub johnnydfci/3Shot-LPM-Seg, Apache-2.0). Writes the maps with RaterLens' labels, `study.toml`, `cases.csv` and
`labels.json` into the folder STUDY.

A map drawn on the T1-weighted and one drawn on the T2-weighted image of what is very probably one patient, often one
an edited copy of the other, are one *subject* (`pairs` in the manifest): they are never in two parts of a split, and
never two raters. Only Python's own library is needed.
"""

import csv
import json
import struct
import sys
import zlib
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RIGHT_LEFT = {100: 1, 150: 2, 50: 3, 200: 4}
STUDY = """name = "L4/L5 label maps"
table = "cases.csv"
labels = "labels.json"
"""


def structure(label: int, name: str, title: str, color: list, mirror: int) -> dict:
    """One structure, as in a model package."""
    code = {"scheme": "99RATERLENS", "code": name.upper(), "meaning": title}
    return {
        "id": label,
        "name": name,
        "title": title,
        "color": color,
        "mirror": mirror,
        "terminology": code,
    }


SCHEME = [
    structure(1, "multifidus_right", "Right multifidus", [230, 159, 0], 2),
    structure(2, "multifidus_left", "Left multifidus", [86, 180, 233], 1),
    structure(3, "erector_spinae_right", "Right erector spinae", [213, 94, 0], 4),
    structure(4, "erector_spinae_left", "Left erector spinae", [0, 114, 178], 3),
]


def read_grey(path: Path) -> tuple[int, int, bytes]:
    """Width, height and pixels of a grey PNG of 8 bits."""
    data = path.read_bytes()
    if data[:8] != SIGNATURE:
        raise SystemExit(f"not a PNG: {path}")
    at, packed, header = 8, b"", b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        header = body if kind == b"IHDR" else header
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", header)
    if (depth, color, interlace) != (8, 0, 0):
        raise SystemExit(f"not a plain grey picture of 8 bits: {path}")
    return width, height, unfilter(zlib.decompress(packed), width, height)


def unfilter(raw: bytes, width: int, height: int) -> bytes:
    """Undoes the filters of PNG (one byte a pixel)."""
    lines, above = [], bytearray(width)
    for row in range(height):
        kind, *line = raw[row * (width + 1) : (row + 1) * (width + 1)]
        out = bytearray(width)
        for x, value in enumerate(line):
            left = out[x - 1] if x else 0
            corner = above[x - 1] if x else 0
            out[x] = (value + predicted(kind, left, above[x], corner)) & 255
        lines.append(bytes(out))
        above = out
    return b"".join(lines)


def predicted(kind: int, left: int, up: int, corner: int) -> int:
    """What a filter expects at a pixel."""
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    distances = [abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]
    return (left, up, corner)[distances.index(min(distances))]


def write_grey(path: Path, width: int, height: int, pixels: bytes) -> None:
    """Writes a grey PNG of 8 bits."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (pixels[y * width : (y + 1) * width] for y in range(height))
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    path.write_bytes(SIGNATURE + b"".join(parts))


def subjects(pairs: list) -> dict:
    """The subject of each paired map, by its path in the manifest."""
    found = {}
    for number, pair in enumerate(pairs):
        found[pair["T1"]] = found[pair["T2"]] = f"pair{number:03}"
    return found


def describe(data: Path, study: Path) -> int:
    """Writes the study; returns how many cases it has."""
    manifest = json.loads((data / "manifest.json").read_text(encoding="utf-8"))
    subject_of = subjects(manifest["part_2"]["pairs"])
    files = [f for kind in ("T1", "T2") for f in sorted((data / "l4l5_labels" / kind).glob("*.png"))]
    if not files:
        raise SystemExit(f"there is no label map in {data / 'l4l5_labels'}")
    (study / "labels").mkdir(parents=True, exist_ok=True)
    table = bytes(RIGHT_LEFT.get(value, 0) for value in range(256))
    with (study / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["case", "subject", "level", "rater:Reading"])
        for path in files:
            case = f"{path.parent.name}-{path.stem}"
            width, height, pixels = read_grey(path)
            unknown = set(pixels) - {0, *RIGHT_LEFT}
            if unknown:
                raise SystemExit(f"{path} has the unknown values {sorted(unknown)}")
            target = study / "labels" / f"{case}.png"
            write_grey(target, width, height, pixels.translate(table))
            subject = subject_of.get(path.relative_to(data).as_posix(), case)
            rows.writerow([case, subject, "L4-L5", f"labels/{target.name}"])
    (study / "study.toml").write_text(STUDY, encoding="utf-8")
    (study / "labels.json").write_text(json.dumps(SCHEME, indent=1), encoding="utf-8")
    return len(files)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    print(f"{describe(Path(sys.argv[1]), Path(sys.argv[2]))} cases")
