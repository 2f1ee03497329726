#!/usr/bin/env python3
"""Makes expected.json: drawings and what independent programs say about their agreement.

Run in a virtual environment with requirements.txt installed: python make_expected.py
"""

from __future__ import annotations

import itertools
import json
from importlib.metadata import version
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
import pingouin
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice
from scipy import ndimage, stats
from scipy.spatial import cKDTree
from sklearn import metrics as sk
from statsmodels.stats.inter_rater import fleiss_kappa

SPACING_KJI = (3.0, 0.7, 0.9)
SHAPE_KJI = (5, 14, 16)
STRUCTURES = (1, 2, 7)
RATERS = ("ann", "ben", "cy", "dee")
#: Who left out which case, so that raters are missing.
ABSENT = {"c2": {"dee"}, "c4": {"ann"}}
#: (case, rater, structure) that the rater left empty.
EMPTY = {("c1", "ben", 7), ("c3", "ann", 7), ("c3", "ben", 7), ("c3", "cy", 7), ("c3", "dee", 7)}
TOLERANCE_MM = 1.0
PACKAGES = ("numpy", "scipy", "scikit-learn", "krippendorff", "pingouin", "statsmodels", "monai", "torch")


def smooth(rng: np.random.Generator) -> np.ndarray:
    """A smooth random field of unit variance."""
    field = ndimage.gaussian_filter(rng.normal(size=SHAPE_KJI), (0.8, 2.0, 2.0), mode="wrap")
    return field / field.std()


def draw_case(seed: int) -> dict[str, np.ndarray]:
    """Label maps of all raters: a common shape for each structure, and each rater's own edge."""
    rng = np.random.default_rng(seed)
    centres = ((2.0, 4.0, 4.0), (2.0, 9.0, 11.0), (1.0, 11.0, 2.0))
    radii = ((2.0, 3.6, 3.2), (2.4, 3.0, 5.5), (1.6, 2.6, 2.4))
    grid = np.meshgrid(*[np.arange(n) for n in SHAPE_KJI], indexing="ij")
    maps = {rater: np.zeros(SHAPE_KJI, np.uint16) for rater in RATERS}
    for structure, centre, radius in zip(STRUCTURES, centres, radii, strict=True):
        parts = zip(grid, centre, radius, strict=True)
        depth = 1 - np.sqrt(sum(((g - c) / r) ** 2 for g, c, r in parts)) + 0.12 * smooth(rng)
        for n, rater in enumerate(RATERS):
            inside = depth + 0.04 * (n - 1) + 0.15 * smooth(rng) > 0
            maps[rater][inside] = structure
    return maps


def surface(mask: np.ndarray) -> np.ndarray:
    """Voxels with a face neighbour outside; the border of the array is outside."""
    return mask & ~ndimage.binary_erosion(mask)


def directed(a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Distances from the surface voxels of a to those of b, by a kd-tree, and whether they are inside b."""
    points = np.argwhere(surface(a))
    tree = cKDTree(np.argwhere(surface(b)) * spacing)
    return tree.query(points * spacing)[0], b[tuple(points.T)]


def surface_numbers(a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...]) -> dict | None:
    """Surface distances by SciPy."""
    if not (a.any() and b.any()):
        return None
    (ab, a_in_b), (ba, b_in_a) = directed(a, b, spacing), directed(b, a, spacing)
    both = np.concatenate([ab, ba])
    signed = np.concatenate([np.where(a_in_b, -ab, ab), np.where(b_in_a, ba, -ba)])
    return {
        "hausdorff_mm": both.max(),
        "hd95_mm": max(np.percentile(ab, 95), np.percentile(ba, 95)),
        "assd_mm": both.mean(),
        "surface_dice": np.mean(both <= TOLERANCE_MM),
        "signed_distance_mm": signed.mean(),
        "signed_distance_sd_mm": signed.std(),
    }


def monai_numbers(a: np.ndarray, b: np.ndarray, spacing: tuple[float, ...]) -> dict | None:
    """The same by MONAI, whose definitions are ours (symmetric mean over both directions together)."""
    if not (a.any() and b.any()):
        return None
    pair = [torch.from_numpy(mask.astype(np.uint8))[None, None] for mask in (a, b)]
    common = {"include_background": True, "spacing": list(spacing)}
    found = {
        "hausdorff_mm": compute_hausdorff_distance(*pair, **common),
        "hd95_mm": compute_hausdorff_distance(*pair, percentile=95, **common),
        "assd_mm": compute_average_surface_distance(*pair, symmetric=True, **common),
        "surface_dice": compute_surface_dice(*pair, class_thresholds=[TOLERANCE_MM], **common),
    }
    return {name: value.item() for name, value in found.items()}


def slice_numbers(a: np.ndarray, b: np.ndarray) -> dict | None:
    """Means over slices of the 2-D numbers, for slices in which both have the structure."""
    each = [surface_numbers(x, y, SPACING_KJI[1:]) for x, y in zip(a, b, strict=True)]
    each = [numbers for numbers in each if numbers]
    if not each:
        return None
    return {name: np.mean([n[name] for n in each]) for name in ("hausdorff_mm", "hd95_mm", "assd_mm", "surface_dice")}


def overlap_numbers(a: np.ndarray, b: np.ndarray) -> dict:
    """Overlaps by scikit-learn, `b` being the truth; undefined is null, empty-empty Dice and IoU are ours to choose."""
    truth, prediction = b.ravel(), a.ravel()
    empty = not (a.any() or b.any())
    return {
        "dice": 1.0 if empty else sk.f1_score(truth, prediction, zero_division=0),
        "iou": 1.0 if empty else sk.jaccard_score(truth, prediction, zero_division=0),
        "precision": sk.precision_score(truth, prediction) if a.any() else None,
        "recall": sk.recall_score(truth, prediction) if b.any() else None,
    }


def pair_numbers(maps: dict[str, np.ndarray]) -> list[dict]:
    """All pairs of raters of one case."""
    found = []
    for (x, a), (y, b) in itertools.combinations(maps.items(), 2):
        for structure in STRUCTURES:
            masks = a == structure, b == structure
            found.append(
                {
                    "a": x,
                    "b": y,
                    "structure": structure,
                    "overlap": overlap_numbers(*masks),
                    "surface": surface_numbers(*masks, SPACING_KJI),
                    "monai": monai_numbers(*masks, SPACING_KJI),
                    "slices": slice_numbers(*masks),
                }
            )
    return found


def consensus_numbers(maps: dict[str, np.ndarray]) -> list[dict]:
    """Each rater against the plurality of the others; ties count as background."""
    found = []
    for rater, own in maps.items():
        others = np.stack([labels for name, labels in maps.items() if name != rater])
        votes = np.stack([(others == label).sum(0) for label in (0, *STRUCTURES)])
        tied = (votes == votes.max(0)).sum(0) > 1
        consensus = np.where(tied, 0, np.array((0, *STRUCTURES))[votes.argmax(0)])
        for structure in STRUCTURES:
            masks = own == structure, consensus == structure
            voxels = int(masks[0].sum()) - int(masks[1].sum())
            numbers = surface_numbers(*masks, SPACING_KJI) or {}
            found.append(
                {
                    "rater": rater,
                    "structure": structure,
                    "dice": overlap_numbers(*masks)["dice"],
                    "volume_ml": voxels * np.prod(SPACING_KJI) / 1000,
                    "signed_distance_mm": numbers.get("signed_distance_mm"),
                }
            )
    return found


def kappas(maps: dict[str, np.ndarray]) -> dict:
    """Fleiss' kappa by statsmodels: of all categories, and of each structure; over all voxels and over the union."""
    stack = np.stack([labels.ravel() for labels in maps.values()])
    tables = {"all": np.stack([(stack == label).sum(0) for label in (0, *STRUCTURES)], 1)}
    for structure in STRUCTURES:
        inside = (stack == structure).sum(0)
        tables[str(structure)] = np.stack([len(maps) - inside, inside], 1)
    found = {}
    for name, table in tables.items():
        union = table[table[:, 0] < len(maps)]
        found[name] = {"voxels": fleiss_kappa(table), "foreground": fleiss_kappa(union) if len(union) else None}
    return found


def alphas(cases: dict[str, dict[str, np.ndarray]]) -> dict:
    """Krippendorff's alpha of all cases together by the package krippendorff; absent raters are missing data."""
    blank = np.full(int(np.prod(SHAPE_KJI)), np.nan)
    rows = [
        np.concatenate([maps[rater].ravel().astype(float) if rater in maps else blank for maps in cases.values()])
        for rater in RATERS
    ]
    data = np.stack(rows)
    found = {}
    for name, values in {
        "all": data,
        **{str(s): np.where(np.isnan(data), np.nan, data == s) for s in STRUCTURES},
    }.items():
        union = values[:, np.nanmax(values, axis=0) > 0]
        found[name] = {
            "voxels": krippendorff.alpha(reliability_data=values, level_of_measurement="nominal"),
            "foreground": krippendorff.alpha(reliability_data=union, level_of_measurement="nominal"),
        }
    return found


def quantity_numbers(table: list[tuple[str, str, float]]) -> dict:
    """ICC(2,1) by pingouin over complete objects, and differences of pairs, from (object, rater, value)."""
    frame = pd.DataFrame(table, columns=["object", "rater", "value"])
    wide = frame.pivot(index="object", columns="rater", values="value")
    wide = wide[wide.max(axis=1) > 0]
    long = wide.dropna().reset_index().melt(id_vars="object", value_name="value", var_name="rater")
    icc = pingouin.intraclass_corr(long, targets="object", raters="rater", ratings="value").set_index("Type")
    row = next(name for name in ("ICC(A,1)", "ICC2") if name in icc.index)
    pairs = []
    for a, b in itertools.combinations(RATERS, 2):
        difference = (wide[a] - wide[b]).dropna()
        bias, sd = difference.mean(), difference.std(ddof=1)
        limits = [bias - 1.96 * sd, bias + 1.96 * sd]
        pairs.append({"a": a, "b": b, "n": len(difference), "bias": bias, "sd": sd, "limits": limits})
    return {"icc": icc.loc[row, "ICC"], "complete": int(len(wide.dropna())), "pairs": pairs}


def quantities(cases: dict[str, dict[str, np.ndarray]], structure: int) -> dict:
    """Volumes by case and areas by slice."""
    volumes, areas = [], []
    for case, maps in cases.items():
        for rater, labels in maps.items():
            inside = labels == structure
            volumes.append((case, rater, inside.sum() * np.prod(SPACING_KJI) / 1000))
            for n, pixels in enumerate(inside.sum((1, 2))):
                areas.append((f"{case}/{n:02}", rater, pixels * np.prod(SPACING_KJI[1:])))
    return {"volume_ml": quantity_numbers(volumes), "area_mm2": quantity_numbers(areas)}


def interval(cases: dict[str, dict[str, np.ndarray]], structure: int) -> dict:
    """Percentile bootstrap of the mean Dice of ben and cy by SciPy."""
    dice = [overlap_numbers(m["ben"] == structure, m["cy"] == structure)["dice"] for m in cases.values()]
    found = stats.bootstrap((dice,), np.mean, method="percentile", n_resamples=200_000, rng=np.random.default_rng(1))
    return {"mean": np.mean(dice), "low": found.confidence_interval.low, "high": found.confidence_interval.high}


def plain(value):
    """Values as JSON has them; what is not a number (nothing varies) is null."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if value != value else value


def main() -> None:
    """Writes expected.json beside this file."""
    cases = {}
    for n in range(6):
        name = f"c{n}"
        maps = draw_case(100 + n)
        for case, rater, structure in EMPTY:
            if case == name:
                maps[rater][maps[rater] == structure] = 0
        cases[name] = {rater: m for rater, m in maps.items() if rater not in ABSENT.get(name, ())}
    found = {
        "versions": {package: version(package) for package in PACKAGES},
        "shape_kji": SHAPE_KJI,
        "spacing_kji_mm": SPACING_KJI,
        "structures": STRUCTURES,
        "raters": RATERS,
        "tolerance_mm": TOLERANCE_MM,
        "cases": [
            {
                "case": name,
                "labels": {rater: "".join(map(str, m.ravel())) for rater, m in maps.items()},
                "pairs": pair_numbers(maps),
                "consensus": consensus_numbers(maps),
                "fleiss_kappa": kappas(maps),
            }
            for name, maps in cases.items()
        ],
        "krippendorff_alpha": alphas(cases),
        "quantities": {str(s): quantities(cases, s) for s in STRUCTURES},
        "bootstrap_dice_ben_cy": interval(cases, 1),
    }
    path = Path(__file__).with_name("expected.json")
    path.write_text(json.dumps(plain(found), separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
