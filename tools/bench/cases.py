"""What is timed against what, and how much faster it shall be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """One case of a script of the peers' folder."""

    name: str
    script: str
    case: str
    #: How many times faster we shall be; None without a goal.
    goal: float | None
    #: Repeats per round: few where one takes seconds.
    repeats: int = 3


@dataclass(frozen=True)
class Job:
    """A job of the example ``time_job`` and the peers that do the same."""

    name: str
    title: str
    peers: tuple[Peer, ...]


FUSION, DISTANCE, METRICS = "p1_fusion.py", "p2_sdf.py", "p3_metrics.py"
MAPS, SCORES = "p4_maps.py", "p6_scores.py"

JOBS: tuple[Job, ...] = (
    Job(
        "staple-binary",
        "binary STAPLE, 320x320x60, 5 raters",
        (Peer("SimpleITK", FUSION, "staple_bin:sitk:B", 300.0, 1),),
    ),
    Job(
        "staple-multi",
        "multi-label STAPLE, 320x320x60, 5 raters",
        (Peer("SimpleITK", FUSION, "staple_multi:sitk:B", 200.0, 1),),
    ),
    Job(
        "staple-binary-large",
        "binary STAPLE, 512x512x200, 5 raters",
        (Peer("NumPy 2^R histogram", FUSION, "staple_bin:numpy_pattern:C", 15.0),),
    ),
    Job(
        "vote-large",
        "vote, 512x512x200, 5 raters",
        (Peer("SimpleITK", FUSION, "vote:sitk:C", 60.0),),
    ),
    Job(
        "variance",
        "variance maps, 64 x 256x256, 3 raters x 4 structures",
        (Peer("edt, one pass", DISTANCE, "pipeline:edt_onepass:A", 5.0),),
    ),
    Job(
        "distances",
        "HD + HD95 + ASSD, 4 pairs, 320x320x60",
        (
            Peer("SciPy kd-tree", METRICS, "ref_kdtree:B", 8.0),
            Peer("MONAI", METRICS, "monai:B", 30.0, 1),
        ),
    ),
    Job(
        "overlap",
        "Dice + IoU of 4 structures, 320x320x60",
        (Peer("NumPy", METRICS, "dice_numpy:B", 5.0, 9),),
    ),
    Job(
        "uncertainty-maps",
        "entropy + mutual information + variance, 10 x 5 x 16x256x256",
        (Peer("NumPy", MAPS, "mi_all:numpy:D", 10.0),),
    ),
    Job(
        "average-precision",
        "exact average precision, 4.19 million voxels",
        (
            Peer("scikit-learn", SCORES, "ap:sklearn:G", 10.0),
            Peer("NumPy, packed sort", SCORES, "ap:numpy_u32radix:G", 3.0, 9),
        ),
    ),
)
