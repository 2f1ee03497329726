"""Describes the public Dixon subject with drawn muscles along the spine as a study for `raterlens model evaluate`.

    python3 tools/studies/lumbar_dixon.py DATA STUDY
    raterlens model evaluate STUDY/study.toml --model MODEL.rlmodel -o judged

DATA is a folder with `dixon_3d/NAME_water.nii.gz`, `NAME_fat.nii.gz` and the drawings `NAME_water_rater1.nii.gz`,
`NAME_fat_rater1.nii.gz`: 1 right erector spinae, 2 right multifidus, 3 left multifidus, 4 left erector spinae (GitHub
johnnydfci/LPM_Segmentator, Apache-2.0; images of MyoSegmenTUM spine). Writes the drawings with RaterLens' labels,
`study.toml`, `cases.csv` and `labels.json` into the folder STUDY; images stay where they are.

Both drawings are one and the same; water and fat are two cases of one subject. Only Python's own library is needed.
"""

import array
import csv
import gzip
import json
import os
import struct
import sys
from pathlib import Path

if __package__:
    from studies.lumbar_labels import SCHEME
else:
    from lumbar_labels import SCHEME

LABELS = {0: 0, 1: 3, 2: 1, 3: 2, 4: 4}
# NIfTI's codes of number formats as those of Python's arrays.
FORMATS = {2: "B", 4: "h", 8: "i", 16: "f", 64: "d", 256: "b", 512: "H", 768: "I"}
STUDY = """name = "Dixon water and fat"
table = "cases.csv"
labels = "labels.json"
"""


def relabelled(packed: bytes, path: Path) -> bytes:
    """A NIfTI file of labels with other labels; everything else stays."""
    data = gzip.decompress(packed)
    if struct.unpack("<i", data[:4])[0] != 348:
        raise SystemExit(f"not a little-endian NIfTI-1 file: {path}")
    (code,) = struct.unpack("<h", data[70:72])
    (offset,) = struct.unpack("<f", data[108:112])
    slope, intercept = struct.unpack("<ff", data[112:120])
    if code not in FORMATS or intercept != 0 or slope not in (0, 1):
        raise SystemExit(f"the labels are stored in a way that is not understood: {path}")
    values = array.array(FORMATS[code])
    values.frombytes(data[int(offset) :])
    unknown = set(values) - set(LABELS)
    if unknown:
        raise SystemExit(f"{path} has the unknown values {sorted(unknown)[:5]}")
    changed = array.array(FORMATS[code], (LABELS[int(value)] for value in values))
    return gzip.compress(data[: int(offset)] + changed.tobytes(), mtime=0)


def describe(data: Path, study: Path) -> int:
    """Writes the study; returns how many cases it has."""
    study.mkdir(parents=True, exist_ok=True)
    rows = []
    for drawing in sorted((data / "dixon_3d").glob("*_rater1.nii.gz")):
        case = drawing.name.removesuffix("_rater1.nii.gz")
        image = drawing.with_name(f"{case}.nii.gz")
        target = study / drawing.name
        target.write_bytes(relabelled(drawing.read_bytes(), drawing))
        subject = case.split("_", 1)[0]
        rows.append([case, subject, os.path.relpath(image, study), target.name])
    if not rows:
        raise SystemExit(f"there is no drawing in {data / 'dixon_3d'}")
    with (study / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["case", "subject", "image", "rater:Manual"])
        table.writerows(rows)
    (study / "study.toml").write_text(STUDY, encoding="utf-8")
    (study / "labels.json").write_text(json.dumps(SCHEME, indent=1), encoding="utf-8")
    return len(rows)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    print(f"{describe(Path(sys.argv[1]), Path(sys.argv[2]))} cases")
