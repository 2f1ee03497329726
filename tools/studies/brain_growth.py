"""Describes the public brain-growth images with seven raters as a study for `raterlens train`.

    python3 tools/studies/brain_growth.py DATA STUDY

DATA is a folder with `images/CASE.png` and `masks/CASE_RATER.png` (255 where the rater drew; QUBIQ 2020, task
brain-growth: one slice of a neonatal brain for each case). Writes `study.toml`, `cases.csv` and `labels.txt` into the
folder STUDY; images stay where they are. Only Python's own library is needed.
"""

import csv
import os
import sys
from pathlib import Path

STUDY = """name = "Brain growth"
table = "cases.csv"
labels = "labels.txt"
"""
LABELS = """    0     0    0    0        0  0  0    "Clear Label"
  255   230  159    0        1  1  1    "White matter"
"""


def describe(data: Path, study: Path) -> int:
    """Writes the study; returns how many cases it has."""
    cases = sorted(path.stem for path in (data / "images").glob("*.png"))
    if not cases:
        raise SystemExit(f"there is no image in {data / 'images'}")
    study.mkdir(parents=True, exist_ok=True)
    masks = sorted((data / "masks").glob("*.png"))
    raters = sorted({path.stem.split("_", 1)[1] for path in masks})

    def relative(path: Path) -> str:
        return os.path.relpath(path, study) if path.is_file() else ""

    with (study / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["case", "image", *(f"rater:{rater}" for rater in raters)])
        for case in cases:
            drawn = [relative(data / "masks" / f"{case}_{rater}.png") for rater in raters]
            table.writerow([case, relative(data / "images" / f"{case}.png"), *drawn])
    (study / "study.toml").write_text(STUDY, encoding="utf-8")
    (study / "labels.txt").write_text(LABELS, encoding="utf-8")
    return len(cases)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    print(f"{describe(Path(sys.argv[1]), Path(sys.argv[2]))} cases")
