"""Makes expected.json: what independent programs say about small cases that the Rust tests repeat.

    python3 -m venv v && v/bin/pip install -r requirements.txt && v/bin/python make_expected.py

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
* votes: SimpleITK's LabelVoting (ties to background, or to a label of their own), scipy.stats.mode (ties to the lowest
  label), collections.Counter (ties to the label counted first, that of the first rater), and the tied label of the
  largest posterior of the NumPy estimate.
* mean label: scikit-learn's one-hot coding.
"""

import collections
import json
import pathlib
from importlib.metadata import version

import numpy as np
import SimpleITK as sitk
from scipy.stats import mode
from sklearn.preprocessing import label_binarize

HERE = pathlib.Path(__file__).parent
SPACING_KJI = (2.5, 0.75, 0.5)
#: Of the classes 0, 1, 2: far from the share of voxels that any rater gave them.
FIXED_PRIOR = (0.5, 0.3, 0.2)
#: Three raters of four voxels: while the matrices settle, the estimated prior changes more than they do.
SLOW_PRIOR = ((0, 1, 0, 1), (1, 1, 0, 0), (0, 1, 1, 0))
#: A label that no rater used.
UNDECIDED = 9


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


def slips(rng, labels, share):
    """The drawings with a share of the voxels given at random, so that structures tie with each other too."""
    return np.where(rng.random(labels.shape) < share, rng.integers(0, 3, labels.shape), labels).astype(np.uint8)


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


def multi_sitk(labels, classes, prior):
    images = [sitk.GetImageFromArray(m) for m in labels]
    f = sitk.MultiLabelSTAPLEImageFilter()
    f.SetLabelForUndecidedPixels(255)
    f.SetTerminationUpdateThreshold(1e-12)
    f.SetMaximumNumberOfIterations(2000)
    f.SetPriorProbabilities(list(prior))
    consensus = sitk.GetArrayFromImage(f.Execute(images))
    assert not (consensus == 255).any(), "no ties, so that the tie rule plays no part"
    matrices = []
    for r in range(len(labels)):
        matrix = np.array(f.GetConfusionMatrix(r)).reshape(-1, classes)[:classes]
        matrices.append((matrix / matrix.sum(0)).tolist())
    return {"consensus": text(consensus), "confusion": matrices}


def mean_prior(labels, classes):
    return [float((labels == c).mean()) for c in range(classes)]


def multi_numpy(labels, classes, estimate=False, disagreement=False, fixed=None, tolerance=1e-13):
    raters = len(labels)
    rows = labels.reshape(raters, -1)
    inside = (rows != rows[0]).any(0) if disagreement else np.ones(rows.shape[1], bool)
    d = rows[:, inside]
    one_hot = np.stack([d == c for c in range(classes)], 1).astype(float)  # [rater, class, voxel]
    w = one_hot.mean(0)
    prior = w.mean(1) if fixed is None else np.array(fixed)
    last = None
    trace = []
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
        change = None if last is None else float(np.abs(state - last).max())
        trace.append([likelihood, change])
        if change is not None and change <= tolerance:
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
        "fixed": fixed,
        "trace": trace[:12],
        "posterior_1": posterior[1].tolist(),
        "consensus": text(posterior.argmax(0)),
    }, posterior


def votes(labels, classes):
    """The vote of every tie rule that another program has, or that follows from another program's numbers."""
    images = [sitk.GetImageFromArray(m) for m in labels]
    voted = {
        "background": sitk.GetArrayFromImage(sitk.LabelVoting(images, 0)),
        "undecided": sitk.GetArrayFromImage(sitk.LabelVoting(images, UNDECIDED)),
        "lowest-label": mode(labels, axis=0).mode,
    }
    columns = labels.reshape(len(labels), -1).T
    voted["first-rater"] = np.array([collections.Counter(c.tolist()).most_common(1)[0][0] for c in columns])
    counts = np.stack([(columns == c).sum(1) for c in range(classes)])
    _, posterior = multi_numpy(labels, classes)
    voted["staple"] = np.where(counts == counts.max(0), posterior, -1).argmax(0)
    ties = int(((counts == counts.max(0)).sum(0) > 1).sum())
    return {"ties": ties, **{policy: text(fused) for policy, fused in voted.items()}}


def mean_label(labels, classes):
    hot = np.mean([label_binarize(m.ravel(), classes=range(classes)) for m in labels], axis=0)
    return hot.T.tolist()


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
    hasty = slips(np.random.default_rng(21), drawn, 0.5)
    wide_shape = (6, 12, 14)
    wide = blobs(rng, 5, wide_shape, 2, 0.3)
    result = {
        "versions": {p: version(p) for p in ("numpy", "scikit-learn", "scipy", "SimpleITK")},
        "shape_kji": shape,
        "spacing_kji_mm": SPACING_KJI,
        "five_raters": [text(m) for m in five],
        "binary": binary(five),
        "wide_shape_kji": wide_shape,
        "five_raters_wide": [text(m) for m in wide],
        "multi_sitk": [
            {"fixed": None, **multi_sitk(wide, 3, mean_prior(wide, 3))},
            {"fixed": FIXED_PRIOR, **multi_sitk(wide, 3, FIXED_PRIOR)},
        ],
        "multi_numpy": [
            *(multi_numpy(wide, 3, e, d)[0] for e in (False, True) for d in (False, True)),
            multi_numpy(wide, 3, fixed=FIXED_PRIOR)[0],
        ],
        "slow_prior": {
            "raters": SLOW_PRIOR,
            "trace": multi_numpy(np.array(SLOW_PRIOR), 2, estimate=True)[0]["trace"],
        },
        "four_raters": [text(m) for m in hasty],
        "votes": votes(hasty, 3),
        "mean_label": mean_label(hasty, 3),
    }
    (HERE / "expected.json").write_text(json.dumps(rounded(result), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
