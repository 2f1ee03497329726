#!/usr/bin/env python3
"""Makes expected.json: what SimpleITK and scikit-learn say about a prediction and a truth.

Run in a virtual environment with requirements.txt installed: python make_expected.py
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from sklearn.metrics import mean_squared_error

SHAPE_KJI = (4, 9, 11)
SPACING_KJI = (3.0, 0.8, 0.5)
#: Ordinary; fills a slice of the prediction; one voxel in each; empty in the prediction, in the truth, in both.
STRUCTURES = (1, 2, 3, 4, 5, 6)
TOLERANCE_MM = 1.0


def draw() -> tuple[np.ndarray, np.ndarray]:
    """Prediction and truth."""
    k, j, i = np.meshgrid(*map(np.arange, SHAPE_KJI), indexing="ij")
    maps = []
    for y, x, radius in ((3.6, 4.2, 3.1), (4.5, 5.0, 2.6)):
        labels = np.zeros(SHAPE_KJI, np.uint16)
        labels[(j - y) ** 2 + (0.7 * (i - x)) ** 2 + (2 * (k - 1)) ** 2 < radius**2] = 1
        maps.append(labels)
    prediction, truth = maps
    prediction[3] = 2
    truth[3, 2:6, 3:9] = 2
    prediction[0, 0, 10] = 3
    truth[2, 1, 9] = 3
    truth[2, 7:, :2] = 4
    prediction[0, 7:, :3] = 5
    return prediction, truth


def image(array: np.ndarray, spacing: tuple[float, ...]) -> sitk.Image:
    """An image with this spacing, which is given in the order of the array's axes."""
    found = sitk.GetImageFromArray(array)
    found.SetSpacing(spacing[::-1])
    return found


def contour(mask: np.ndarray, spacing: tuple[float, ...]) -> sitk.Image:
    """Voxels with a face neighbour outside; a margin makes the border of the image count as outside."""
    padded = sitk.ConstantPad(image(mask.astype(np.uint8), spacing), [1] * mask.ndim, [1] * mask.ndim, 0)
    return sitk.LabelContour(padded, fullyConnected=False)


def directed(a: sitk.Image, b: sitk.Image) -> np.ndarray:
    """Distances from the voxels of contour a to contour b."""
    distance = sitk.SignedMaurerDistanceMap(b, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    # Every voxel of a contour is on its own border, so the distance is to the nearest voxel centre.
    return np.abs(sitk.GetArrayFromImage(distance)[sitk.GetArrayFromImage(a) > 0])


def surface_numbers(p: np.ndarray, t: np.ndarray, spacing: tuple[float, ...]) -> dict | None:
    """Surface distances by SimpleITK's contours and distance maps."""
    if not (p.any() and t.any()):
        return None
    a, b = contour(p, spacing), contour(t, spacing)
    ab, ba = directed(a, b), directed(b, a)
    both = np.concatenate([ab, ba])
    return {
        "hausdorff_mm": both.max(),
        "hd95_mm": max(np.percentile(ab, 95), np.percentile(ba, 95)),
        "assd_mm": both.mean(dtype=float),
        "surface_dice": np.mean(both <= TOLERANCE_MM),
    }


def slice_numbers(p: np.ndarray, t: np.ndarray) -> dict | None:
    """Means over the slices in which both have the structure."""
    each = [surface_numbers(x, y, SPACING_KJI[1:]) for x, y in zip(p, t, strict=True)]
    each = [numbers for numbers in each if numbers]
    if not each:
        return None
    return {name: np.mean([float(n[name]) for n in each]) for name in each[0]}


def overlap_numbers(p: np.ndarray, t: np.ndarray) -> dict | None:
    """SimpleITK's overlaps where both have the structure; its error rates are 1 minus recall and precision."""
    if not (p.any() and t.any()):
        return None
    measures = sitk.LabelOverlapMeasuresImageFilter()
    # The filter's target, of which voxels can be missed, is its second image.
    measures.Execute(*(image(m.astype(np.uint8), SPACING_KJI) for m in (p, t)))
    return {
        "dice": measures.GetDiceCoefficient(1),
        "iou": measures.GetJaccardCoefficient(1),
        "recall": 1 - measures.GetFalseNegativeError(1),
        "precision": 1 - measures.GetFalseDiscoveryRate(1),
    }


def size(mask: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Volume in cubic millimetres, or area of a slice, by SimpleITK's shape statistics."""
    if not mask.any():
        return 0.0
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(image(mask.astype(np.uint8), spacing))
    return shape.GetPhysicalSize(1)


def size_numbers(p: np.ndarray, t: np.ndarray) -> dict:
    """Volumes, and differences of area over the slices in which either has the structure."""
    areas = [(size(x, SPACING_KJI[1:]), size(y, SPACING_KJI[1:])) for x, y in zip(p, t, strict=True)]
    areas = np.array([pair for pair in areas if any(pair)]).reshape(-1, 2)
    difference = areas[:, 0] - areas[:, 1]
    return {
        "prediction_ml": size(p, SPACING_KJI) / 1000,
        "truth_ml": size(t, SPACING_KJI) / 1000,
        "slices": len(areas),
        "mean_area_difference_mm2": difference.mean() if len(areas) else None,
        "mean_absolute_area_difference_mm2": np.abs(difference).mean() if len(areas) else None,
    }


def plain(value):
    """Values as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.item() if isinstance(value, np.generic) else value


def main() -> None:
    """Writes expected.json beside this file."""
    prediction, truth = draw()
    maps = np.random.default_rng(5).random((2, 60)).astype(np.float32)
    structures = []
    for structure in STRUCTURES:
        masks = prediction == structure, truth == structure
        structures.append(
            {
                "structure": structure,
                "overlap": overlap_numbers(*masks),
                "surface": surface_numbers(*masks, SPACING_KJI),
                "slices": slice_numbers(*masks),
                "size": size_numbers(*masks),
            }
        )
    found = {
        "versions": {package: version(package) for package in ("numpy", "scikit-learn", "SimpleITK")},
        "shape_kji": SHAPE_KJI,
        "spacing_kji_mm": SPACING_KJI,
        "tolerance_mm": TOLERANCE_MM,
        "prediction": "".join(map(str, prediction.ravel())),
        "truth": "".join(map(str, truth.ravel())),
        "structures": structures,
        "maps": maps.tolist(),
        "mse": mean_squared_error(*maps.astype(float)),
    }
    path = Path(__file__).with_name("expected.json")
    path.write_text(json.dumps(plain(found), separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
