#!/usr/bin/env python3
"""Writes expected.json: inputs, and what other programs say about them. See README.md beside it."""

from __future__ import annotations

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import statsmodels.api as sm
import torch
from scipy import optimize, special, stats
from sklearn import datasets, linear_model, metrics
from statsmodels.stats.multitest import multipletests
from torchmetrics.functional.classification import (
    binary_auroc,
    binary_average_precision,
    binary_calibration_error,
)

warnings.filterwarnings("ignore")
PROGRAMS = ("numpy", "scipy", "scikit-learn", "statsmodels", "torch", "torchmetrics")


def short(values):
    """Single-precision numbers with as few digits as give them back."""
    return [float(str(v)) for v in np.asarray(values, dtype=np.float32).ravel()]


def digits_ensemble():
    """Real inputs: five logistic regressions on bootstrap samples of scikit-learn's digits 0 to 4; 160 kept apart."""
    data = datasets.load_digits(n_class=5)
    order = np.random.default_rng(11).permutation(len(data.target))
    x, y = data.data[order], data.target[order]
    # Noise makes the pictures hard enough for mistakes.
    x = x + np.random.default_rng(12).normal(0, 11, x.shape)
    test, train = slice(0, 160), slice(160, 420)
    members, logits = [], None
    for seed in range(5):
        pick = np.random.default_rng(seed).integers(train.start, train.stop, train.stop - train.start)
        model = linear_model.LogisticRegression(max_iter=2000).fit(x[pick], y[pick])
        members.append(model.predict_proba(x[test]))
        logits = model.decision_function(x[test])
    return np.array(members), y[test], np.asarray(logits)


def random_ensemble(rng, samples, classes, voxels):
    """Random inputs: softmax of noise around common logits."""
    common = rng.normal(0, 2, (1, voxels, classes))
    logits = common + rng.normal(0, 1, (samples, voxels, classes))
    truth = np.array([rng.choice(classes, p=special.softmax(row)) for row in common[0]])
    return special.softmax(logits, axis=2), truth, logits[0]


def curve_area(risks, uncertainties):
    """Area under the risk-coverage curve where no two uncertainties are equal, by its definition."""
    order = np.argsort(uncertainties)
    kept = np.cumsum(risks[order]) / np.arange(1, len(risks) + 1)
    return float(np.trapezoid(kept, dx=1 / len(risks)))


def adaptive_error(confidence, right):
    """Mean over equal parts of the sorted pictures; no two confidences are equal."""
    order = np.argsort(confidence)
    parts = np.array_split(order, 10)
    gaps = [abs((right[p] - confidence[p]).sum()) for p in parts if len(p)]
    return float(sum(gaps) / len(confidence))


def ranking(scores, wrong):
    """Scores of single precision against wrong predictions."""
    wide, tensor, target = scores.astype(np.float64), torch.tensor(scores, dtype=torch.float64), torch.tensor(wrong * 1)
    return {
        "scores": short(scores),
        "wrong": [bool(w) for w in wrong],
        "sklearn_ap": metrics.average_precision_score(wrong, wide),
        "sklearn_auroc": metrics.roc_auc_score(wrong, wide),
        "torchmetrics_ap": float(binary_average_precision(torch.sigmoid(tensor), target)),
        "torchmetrics_auroc": float(binary_auroc(torch.sigmoid(tensor), target)),
        "numpy_aurc": curve_area(wrong * 1.0, wide) if len(set(scores)) == len(scores) else None,
    }


def ensemble(samples, truth, logits):
    """Everything about samples of probabilities, [sample, voxel, class]."""
    samples = samples.astype(np.float32)
    wide = samples.astype(np.float64)
    mean = wide.mean(0)
    # stats.entropy divides by the sum first, which single precision does not keep at 1.
    predictive = special.entr(mean).sum(1)
    expected = special.entr(wide).sum(2).mean(0)
    single = wide[0]
    one_hot = np.eye(mean.shape[1])[truth]
    confidence = samples[0].max(1)
    right = samples[0].argmax(1) == truth
    target = torch.tensor(right * 1)
    ece = binary_calibration_error(torch.tensor(confidence, dtype=torch.float64), target, n_bins=10, norm="l1")
    wise = [
        binary_calibration_error(
            torch.tensor(single[:, c], dtype=torch.float64), torch.tensor((truth == c) * 1), n_bins=10, norm="l1"
        )
        for c in range(mean.shape[1])
    ]
    logits = logits.astype(np.float32).astype(np.float64)

    def loss(beta):
        return float((special.logsumexp(beta * logits, axis=1) - beta * logits[np.arange(len(truth)), truth]).mean())

    def slope(beta):
        return float(
            ((special.softmax(beta * logits, axis=1) * logits).sum(1) - logits[np.arange(len(truth)), truth]).mean()
        )

    beta = optimize.brentq(slope, 0.02, 50, xtol=1e-15, rtol=1e-14)
    return {
        "samples": short(samples.transpose(0, 2, 1)),
        "shape": [samples.shape[0], samples.shape[2], samples.shape[1]],
        "truth": truth.tolist(),
        "logits": short(logits.T),
        "mean": mean.T.ravel().tolist(),
        "predictive_entropy": predictive.tolist(),
        "expected_entropy": expected.tolist(),
        "mutual_information": (predictive - expected).tolist(),
        "variance": wide.var(0).sum(1).tolist(),
        "brier": [metrics.mean_squared_error(one_hot[:, c], single[:, c]) for c in range(mean.shape[1])],
        "sklearn_brier": metrics.brier_score_loss(one_hot[:, 1], single[:, 1]),
        "torchmetrics_ece": float(ece),
        "torchmetrics_class_wise_ece": float(torch.stack(wise).mean()),
        "numpy_adaptive_ece": adaptive_error(confidence.astype(np.float64), right * 1.0),
        "temperature": 1 / beta,
        "nll_before": loss(1.0),
        "nll_after": loss(beta),
        "sklearn_nll": metrics.log_loss(truth, special.softmax(logits, axis=1), labels=range(mean.shape[1])),
        "ranking": ranking(predictive.astype(np.float32), mean.argmax(1) != truth),
    }


def pearson(x, y):
    """SciPy's correlation; statsmodels' line and the interval of its mean."""
    found = stats.pearsonr(x, y)
    # Around the mean: with x near a million, statsmodels' normal equations lose half of the digits.
    mean = np.mean(x)
    line = sm.OLS(y, sm.add_constant(x - mean)).fit()
    at = [float(np.min(x)), float(np.median(x))]
    band = line.get_prediction(np.array([[1.0, v - mean] for v in at])).conf_int(alpha=0.05)
    intercept, slope = line.params[0] - line.params[1] * mean, line.params[1]
    return {
        "x": list(map(float, x)),
        "y": list(map(float, y)),
        "r": float(found.statistic),
        "p": float(found.pvalue),
        "line": [float(intercept), float(slope)],
        "at": at,
        "band": band.tolist(),
    }


def partition(y, first, second):
    """R squared of statsmodels' linear models."""

    def r2(*columns):
        return float(sm.OLS(y, sm.add_constant(np.column_stack(columns))).fit().rsquared)

    return {
        "y": y.tolist(),
        "first": first.tolist(),
        "second": second.tolist(),
        "r2_first": r2(first),
        "r2_second": r2(second),
        "r2_joint": r2(first, second),
    }


def paired(first, second):
    """SciPy's tests of pairs."""
    t = stats.ttest_rel(first, second)
    w = stats.wilcoxon(first, second)
    return {
        "first": list(map(float, first)),
        "second": list(map(float, second)),
        "t": float(t.statistic),
        "t_p": float(t.pvalue),
        "statistic": float(w.statistic),
        "p": float(w.pvalue),
    }


def energy(samples, raters, structures):
    """Energy distance and NCC written out from the papers, with scikit-learn's Jaccard index."""

    def distance(a, b):
        scores = []
        for s in structures:
            x, y = a == s, b == s
            scores.append(1.0 if not x.any() and not y.any() else metrics.jaccard_score(x, y, zero_division=0))
        return 1 - np.mean(scores)

    def mean(first, second):
        return float(np.mean([[distance(a, b) for b in second] for a in first]))

    return {
        "samples": [s.tolist() for s in samples],
        "raters": [r.tolist() for r in raters],
        "structures": structures,
        "distance": 2 * mean(samples, raters) - mean(samples, samples) - mean(raters, raters),
    }


def variance_ncc(samples, raters):
    """PHiSeg's NCC by its formula, correlation by SciPy; samples [sample, voxel, class] in single precision."""
    wide = samples.astype(np.float32).astype(np.float64)
    logs = np.log(wide + 1e-8).mean(0)
    within = -(wide.mean(0) * logs).sum(1)
    across = [-logs[np.arange(len(r)), r] for r in raters]
    return {
        "samples": short(samples.transpose(0, 2, 1)),
        "shape": [samples.shape[0], samples.shape[2], samples.shape[1]],
        "raters": [r.tolist() for r in raters],
        "ncc": float(np.mean([stats.pearsonr(within, a).statistic for a in across])),
    }


def main():
    rng = np.random.default_rng(2024)
    cancer = datasets.load_breast_cancer().data
    iris = datasets.load_iris().data
    ties = np.round(rng.random(400), 2).astype(np.float32)
    noise = rng.normal(0, 1, (60, 3)) @ np.array([[1, 0.6, 0.1], [0, 1, 0.2], [0, 0, 1]])
    p = [0.001, 0.2, 0.04, 0.04, 0.03, 0.9, 0.011]
    maps = rng.integers(0, 3, (5, 40))
    maps[:, 10:] = np.where(rng.random((5, 30)) < 0.8, 1, maps[:, 10:])
    gaussian, truth, _ = random_ensemble(rng, 4, 3, 60)
    expected = {
        "versions": {name: version(name) for name in PROGRAMS},
        "ensembles": [
            ensemble(*digits_ensemble()),
            ensemble(*random_ensemble(rng, 10, 5, 120)),
            ensemble(*random_ensemble(rng, 1, 2, 50)),
        ],
        "rankings": [
            ranking(rng.random(300).astype(np.float32), rng.random(300) < 0.2),
            ranking(ties, rng.random(400) < ties),
            ranking((cancer[:, 0] - 14).astype(np.float32), datasets.load_breast_cancer().target == 0),
        ],
        "aurc": [
            {"risks": r.tolist(), "uncertainties": u.tolist(), "area": curve_area(r, u)}
            for r, u in [(rng.random(25), rng.random(25)), (rng.random(2), rng.random(2))]
        ],
        "pearson": [
            pearson(noise[:, 0], noise[:, 1]),
            pearson(cancer[:30, 0], cancer[:30, 2]),
            pearson(iris[:, 0], iris[:, 1]),
            pearson(rng.random(3), rng.random(3)),
            pearson(1e6 + rng.random(20), rng.random(20)),
        ],
        "partition": [
            partition(noise[:, 2], noise[:, 0], noise[:, 1]),
            partition(iris[:, 3], iris[:, 2], iris[:, 0]),
            partition(cancer[:80, 3], cancer[:80, 0], cancer[:80, 2]),
        ],
        "paired": [
            paired(iris[:9, 0], iris[50:59, 0] * 0.77),  # few
            paired(rng.random(40), rng.random(40)),
            paired(np.round(rng.random(12), 1), np.round(rng.random(12), 1)),  # ties and zeros
            paired(rng.random(120), rng.random(120) + 0.05),  # many
            paired(iris[:, 0], iris[:, 2] + 2.0),  # many, with ties and zeros
        ],
        "holm": {"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()},
        "energy": [energy(maps[:3], maps[3:], [1, 2]), energy(maps[:1], maps[1:], [1, 2, 7])],
        "ncc": [variance_ncc(gaussian, [truth, rng.integers(0, 3, 60)])],
    }
    path = Path(__file__).with_name("expected.json")
    path.write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
