"""Writes the probabilities and scores that RaterLens is timed on, the same as the peers' scripts make in memory.

    python tools/bench/evaluation_inputs.py FOLDER

Runs in the peers' Python, which has NumPy.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

SLICES = 16
SCORES = 64 * 256 * 256


def samples() -> np.ndarray:
    """What p4_maps.py reduces, [sample, class, k, j, i]."""
    values = np.random.default_rng(7).random((10, 5, SLICES * 256 * 256), dtype=np.float32)
    values += 0.01
    values /= values.sum(1, keepdims=True)
    return values.reshape(10, 5, SLICES, 256, 256)


def scores() -> tuple[np.ndarray, np.ndarray]:
    """What p6_scores.py ranks."""
    rng = np.random.default_rng(5)
    positive = rng.random(SCORES, dtype=np.float32) < 0.1
    logits = rng.standard_normal(SCORES, dtype=np.float32) + 2.2 * positive - 2
    return (1 / (1 + np.exp(-logits))).astype(np.float32), positive


def main() -> None:
    """Writes the files."""
    folder = Path(sys.argv[1])
    np.save(folder / "D.npy", samples())
    values, positive = scores()
    np.save(folder / "G_scores.npy", values)
    np.save(folder / "G_positive.npy", positive)


if __name__ == "__main__":
    main()
