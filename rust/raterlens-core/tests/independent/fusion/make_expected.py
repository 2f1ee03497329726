"""Makes expected.json: what independent programs say about small cases that the Rust tests repeat.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 scipy==1.17.1 SimpleITK==2.5.7
    v/bin/python make_expected.py

Inputs are drawn from a fixed seed and stored beside the expected values, so the tests do not depend on NumPy's random
numbers. Conventions:

* binary STAPLE: SimpleITK's filter. It starts with the mean of the masks as posterior, M step first; its prior is that
  mean's mean and stays fixed; it stops when no squared change of a sensitivity or specificity exceeds 1e-14. These are
  the defaults of `StapleOptions`.
* multi-label STAPLE: SimpleITK's filter with its prior set to the mean label's, which is its own default, and a
  threshold of 1e-12. It starts from another point (confusion matrices against the vote), so only the fixed point is
  compared: labels, and confusion matrices within the single precision the filter works in.
* multi-label STAPLE once more, voxel by voxel in NumPy and double precision, from the mean label; with the prior fixed
  and estimated, in the whole image and in the disagreement region.
* entropy: scipy.stats.entropy. Distances: scipy.ndimage.distance_transform_edt, both sides, with `sampling`.
"""

import json
import pathlib
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt
from scipy.special import expit
from scipy.stats import entropy

HERE = pathlib.Path(__file__).parent
SPACING_KJI = (2.5, 0.75, 0.5)
TAU = 1.25


def blobs(rng, raters, shape, structures, jitter):
    """Label maps of balls that every rater draws a little otherwise; voxels of labels 0 .. structures."""
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    size = np.array(shape)
    out = np.zeros((raters, *shape), np.uint8)
    for label in range(1, structures + 1):
        centre = size * rng.uniform(0.3, 0.7, 3)
        radius = size * rng.uniform(0.25, 0.4, 3)
        for r in range(raters):
            c = centre + rng.normal(0, jitter, 3)
            d = np.sqrt((((grid - c) / (radius * rng.uniform(0.85, 1.15))) ** 2).sum(-1))
            out[r][d + rng.normal(0, 0.08, shape) < 1] = label
    return out


def text(labels):
    """One digit per voxel, i fastest."""
    return "".join(map(str, labels.ravel()))


def binary(masks):
    images = [sitk.GetImageFromArray(m) for m in masks]
    f = sitk.STAPLEImageFilter()
    f.SetForegroundValue(1)
    posterior = sitk.GetArrayFromImage(f.Execute(images))
    return {
        "iterations": f.GetElapsedIterations(),
        "sensitivity": list(f.GetSensitivity()),
        "specificity": list(f.GetSpecificity()),
        "posterior": posterior.ravel().tolist(),
    }


def multi_sitk(labels, classes):
    images = [sitk.GetImageFromArray(m) for m in labels]
    f = sitk.MultiLabelSTAPLEImageFilter()
    f.SetLabelForUndecidedPixels(255)
    f.SetTerminationUpdateThreshold(1e-12)
    f.SetMaximumNumberOfIterations(2000)
    f.SetPriorProbabilities([float((labels == c).mean()) for c in range(classes)])
    consensus = sitk.GetArrayFromImage(f.Execute(images))
    assert not (consensus == 255).any(), "no ties, so that the tie rule plays no part"
    matrices = []
    for r in range(len(labels)):
        matrix = np.array(f.GetConfusionMatrix(r)).reshape(-1, classes)[:classes]
        matrices.append((matrix / matrix.sum(0)).tolist())
    return {"consensus": text(consensus), "confusion": matrices}


def multi_numpy(labels, classes, estimate, disagreement, tolerance=1e-13):
    raters = len(labels)
    rows = labels.reshape(raters, -1)
    inside = (rows != rows[0]).any(0) if disagreement else np.ones(rows.shape[1], bool)
    d = rows[:, inside]
    one_hot = np.stack([d == c for c in range(classes)], 1).astype(float)  # [rater, class, voxel]
    w = one_hot.mean(0)
    prior = w.mean(1)
    last = None
    for _ in range(1, 100_000):
        if estimate:
            prior = w.mean(1)
        theta = np.einsum("rjv,cv->rjc", one_hot, w) / w.sum(1)
        log = np.log(prior)[:, None] + sum(np.log(np.maximum(theta[r][d[r]].T, 1e-300)) for r in range(raters))
        top = log.max(0)
        unscaled = np.exp(log - top)
        w = unscaled / unscaled.sum(0)
        likelihood = float((top + np.log(unscaled.sum(0))).sum())
        state = np.concatenate([theta.ravel(), prior])
        if last is not None and np.abs(state - last).max() <= tolerance:
            break
        last = state
    posterior = np.zeros((classes, rows.shape[1]))
    posterior[:, ~inside] = np.stack([rows[0] == c for c in range(classes)])[:, ~inside]
    posterior[:, inside] = w
    return {
        "estimate": estimate,
        "disagreement": disagreement,
        "prior": prior.tolist(),
        "confusion": theta.tolist(),
        "log_likelihood": likelihood,
        "posterior_1": posterior[1].tolist(),
        "consensus": text(posterior.argmax(0)),
    }


def soft(mask, in_plane, spacing):
    if in_plane:
        return np.stack([soft_of(m, spacing[1:]) for m in mask])
    return soft_of(mask, spacing)


def soft_of(mask, spacing):
    if not mask.any():
        return np.zeros(mask.shape)
    if mask.all():
        return np.ones(mask.shape)
    inner = distance_transform_edt(mask, sampling=spacing)
    outer = distance_transform_edt(~mask, sampling=spacing)
    return expit((inner - outer) / TAU)


def distances(labels):
    out = []
    for in_plane in (True, False):
        for unit in ("pixel", "millimetre"):
            spacing = SPACING_KJI if unit == "millimetre" else (1.0, 1.0, 1.0)
            s = np.stack([soft(m == 1, in_plane, spacing) for m in labels])
            out.append(
                {
                    "in_plane": in_plane,
                    "unit": unit,
                    "variance": s.var(0).ravel().tolist(),
                    "mean": s.mean(0).ravel().tolist(),
                }
            )
    return out


def rounded(value):
    """Twelve significant digits keep the file small."""
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return value


def main():
    rng = np.random.default_rng(20)
    shape = (4, 7, 9)
    five = blobs(rng, 5, shape, 1, 0.7)
    drawn = blobs(rng, 4, shape, 2, 0.6)
    counts = np.stack([(drawn == c).sum(0) for c in range(3)])
    wide_shape = (6, 12, 14)
    wide = blobs(rng, 5, wide_shape, 2, 0.3)
    result = {
        "versions": {p: version(p) for p in ("numpy", "scipy", "SimpleITK")},
        "shape_kji": shape,
        "spacing_kji_mm": SPACING_KJI,
        "tau": TAU,
        "five_raters": [text(m) for m in five],
        "binary": binary(five),
        "wide_shape_kji": wide_shape,
        "five_raters_wide": [text(m) for m in wide],
        "multi_sitk": multi_sitk(wide, 3),
        "multi_numpy": [multi_numpy(wide, 3, e, d) for e in (False, True) for d in (False, True)],
        "four_raters": [text(m) for m in drawn],
        "entropy": entropy(counts / 4, axis=0).ravel().tolist(),
        "distances": distances(drawn),
    }
    (HERE / "expected.json").write_text(json.dumps(rounded(result), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
