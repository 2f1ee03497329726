#!/usr/bin/env python3
"""Writes real_evaluation.json: what scikit-learn and SciPy say about real drawings of seven raters.

    python make_real_evaluation.py FOLDER   # the shared data folder brain_growth_mri_7raters

The first six raters' mean is the probability, the seventh rater the truth; see ../real_evaluation.rs. Needs numpy
2.4.6, scipy 1.17.1, scikit-learn 1.9.1 and SimpleITK 2.5.7 (to read PNG). Only numbers are written, no drawing.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import SimpleITK
from scipy import special, stats
from sklearn import metrics


def case(folder: Path, masks: dict[str, str]) -> dict[str, float]:
    """One image."""
    drawn = np.array([SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / m))) > 127 for m in masks.values()])
    p = drawn[:6].astype(np.float32).mean(0, dtype=np.float32)
    truth = drawn[6]
    both = np.stack([1 - p, p])
    entropy = special.entr(both.astype(np.float64)).sum(0).astype(np.float32)
    wrong = (p > 0.5) != truth
    everyone = drawn.mean(0)
    gt_entropy = (special.entr(everyone) + special.entr(1 - everyone)).astype(np.float32)
    score, hit = entropy.ravel().astype(np.float64), wrong.ravel()
    return {
        "wrong_voxels": int(wrong.sum()),
        "average_precision": metrics.average_precision_score(hit, score),
        "auroc": metrics.roc_auc_score(hit, score),
        "brier": metrics.mean_squared_error(truth.ravel(), p.ravel().astype(np.float64)),
        "dice": metrics.f1_score(truth.ravel(), (p > 0.5).ravel()),
        "gt_entropy": float(gt_entropy.astype(np.float64).mean()),
        "r": float(stats.pearsonr(score, gt_entropy.ravel().astype(np.float64)).statistic),
    }


def main() -> None:
    """Writes the file."""
    folder = Path(sys.argv[1])
    cases = json.loads((folder / "manifest.json").read_text())["cases"]
    found = {c["case"]: case(folder, dict(sorted(c["masks"].items()))) for c in cases}
    versions = {name: version(name) for name in ("numpy", "scipy", "scikit-learn")}
    path = Path(__file__).with_name("real_evaluation.json")
    path.write_text(json.dumps({"versions": versions, "cases": found}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
