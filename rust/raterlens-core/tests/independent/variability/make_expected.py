#!/usr/bin/env python3
"""Makes expected.json: variance maps, soft distance labels and entropies of small drawings by SciPy.

Run in a virtual environment with requirements.txt installed: python make_expected.py
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.special import expit
from scipy.stats import entropy

SHAPE_KJI = (4, 6, 7)
SPACING_KJI = (2.5, 0.75, 0.5)
RATERS = 4
TAUS = (0.5, 1.0, 3.0)


def draw() -> np.ndarray:
    """Two structures by four raters. Rater 0 leaves slice 0 empty; rater 1 fills slice 3, where nobody else draws."""
    rng = np.random.default_rng(31)
    k, j, i = np.meshgrid(*map(np.arange, SHAPE_KJI), indexing="ij")
    maps = np.zeros((RATERS, *SHAPE_KJI), np.uint8)
    for labels in maps:
        for structure, (y, x) in enumerate([(1.8, 2.0), (3.6, 4.4)], start=1):
            y, x = rng.normal((y, x), 0.5)
            radius = rng.uniform(1.6, 2.3)
            labels[(j - y) ** 2 + (i - x) ** 2 + (k - 1.2) ** 2 < radius**2] = structure
    maps[0, 0] = 0
    maps[:, 3] = 0
    maps[1, 3] = 1
    return maps


def soft_of(mask: np.ndarray, spacing: tuple[float, ...], tau: float) -> np.ndarray:
    """Logistic function of the signed distance between voxel centres of the two sides."""
    if mask.all() or not mask.any():
        return mask.astype(float)
    inner = distance_transform_edt(mask, sampling=spacing)
    outer = distance_transform_edt(~mask, sampling=spacing)
    return expit((inner - outer) / tau)


def soft(mask: np.ndarray, in_plane: bool, spacing: tuple[float, ...], tau: float) -> np.ndarray:
    """Slice by slice, or in the volume."""
    if in_plane:
        return np.stack([soft_of(m, spacing[1:], tau) for m in mask])
    return soft_of(mask, spacing, tau)


def maps_of(labels: np.ndarray) -> list[dict]:
    """Mean and population variance of the soft labels of structure 1 for every choice of distances."""
    found = []
    for in_plane in (True, False):
        for unit, spacing in (("pixel", (1.0, 1.0, 1.0)), ("millimetre", SPACING_KJI)):
            for tau in TAUS:
                stack = np.stack([soft(m == 1, in_plane, spacing, tau) for m in labels])
                found.append(
                    {
                        "in_plane": in_plane,
                        "unit": unit,
                        "tau": tau,
                        "variance": stack.var(0).ravel().tolist(),
                        "mean": stack.mean(0).ravel().tolist(),
                    }
                )
    return found


def variance_rows(labels: np.ndarray) -> list[dict]:
    """Whole image, then slices: the default map (in plane, pixels, tau 1) summed up."""
    mask = labels == 1
    variance = np.stack([soft(m, True, (1.0, 1.0, 1.0), 1.0) for m in mask]).var(0)
    rows = []
    for part in (slice(None), *(slice(k, k + 1) for k in range(SHAPE_KJI[0]))):
        values, drawn = variance[part], mask[:, part].any(0)
        rows.append(
            {
                "voxels": values.size,
                "voxels_any": int(drawn.sum()),
                "voxels_all": int(mask[:, part].all(0).sum()),
                "mean_variance": values.mean(),
                "mean_variance_any": values[drawn].mean() if drawn.any() else None,
                "max_variance": values.max(),
            }
        )
    return rows


def entropy_rows(values: np.ndarray) -> list[dict]:
    """Whole image, then slices."""
    rows = []
    for part in (values, *values):
        disputed = part[part > 0]
        rows.append(
            {
                "voxels": part.size,
                "voxels_disputed": disputed.size,
                "mean_entropy": part.mean(),
                "mean_entropy_disputed": disputed.mean() if disputed.size else None,
                "max_entropy": part.max(),
            }
        )
    return rows


def rounded(value):
    """Ten digits after the point keep the file small; the results are in single precision."""
    if isinstance(value, (float, np.floating)):
        return round(float(value), 10) + 0.0
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v) for v in value]
    return value


def main() -> None:
    """Writes expected.json beside this file."""
    labels = draw()
    counts = np.stack([(labels == c).sum(0) for c in range(3)])
    entropies = entropy(counts / RATERS, axis=0)
    found = {
        "versions": {package: version(package) for package in ("numpy", "scipy")},
        "shape_kji": SHAPE_KJI,
        "spacing_kji_mm": SPACING_KJI,
        "raters": ["".join(map(str, m.ravel())) for m in labels],
        "maps": maps_of(labels),
        "variance_rows": variance_rows(labels),
        "entropy": entropies.ravel().tolist(),
        "entropy_rows": entropy_rows(entropies),
    }
    path = Path(__file__).with_name("expected.json")
    path.write_text(json.dumps(rounded(found), separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
