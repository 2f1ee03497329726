"""Medians, ratios, and whether two programs found the same; pure functions on their JSON records."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

#: Peers print their results with five or six decimals.
ROUNDING = 2e-5

Record = dict[str, Any]


def median(records: Iterable[Record], key: str) -> float | None:
    """The median over rounds; None where no round has the number."""
    values = [record[key] for record in records if record.get(key) is not None]
    return statistics.median(values) if values else None


def ratio(peer: float | None, ours: float | None) -> float | None:
    """How many times longer the peer takes."""
    return peer / ours if peer is not None and ours else None


def pairs(ours: Record, peer: Record) -> list[tuple[str, float, float]]:
    """The numbers that both give, as (name, ours, the peer's)."""
    found: list[tuple[str, float, float]] = []
    for key, short in (("sensitivity", "se"), ("specificity", "sp")):
        both = zip(ours.get(key, ()), peer.get(short, ()), strict=False)
        found += [(f"{key} {n}", a, b) for n, (a, b) in enumerate(both, start=1)]
    both = zip((ours.get("mean"), ours.get("largest")), peer.get("stat", ()), strict=False)
    found += [(name, a, b) for name, (a, b) in zip(("mean", "largest"), both, strict=False) if a is not None]
    if "value" in ours and "value" in peer:
        found.append(("value", ours["value"], peer["value"]))
    for n, (a, b) in enumerate(zip(ours.get("structures", ()), peer.get("values", ()), strict=False), start=1):
        found += [(f"{key} {n}", a[key], b[key]) for key in sorted(a.keys() & b.keys())]
    return found


def differences(ours: Record, peer: Record) -> list[str]:
    """Which results are not the same, as sentences."""
    return [
        f"{name}: {a} here, {b} there" for name, a, b in pairs(ours, peer) if abs(a - b) > ROUNDING * max(1, abs(b))
    ]


def verdict(ours: Record, peer: Record, digest: str | None) -> str:
    """What is said of the results: the same, different, or not comparable."""
    wrong = differences(ours, peer)
    if wrong:
        return "DIFFERENT: " + "; ".join(wrong)
    theirs = peer.get("binary_digest", peer.get("result_digest")) if digest else None
    if theirs is not None:
        return "same voxels" if theirs == digest else "other voxels"
    return "same numbers" if pairs(ours, peer) else "not compared"


def number(value: float | None, unit: float = 1.0, digits: int = 3) -> str:
    """A number with so many significant digits, or a dash."""
    if value is None:
        return "-"
    scaled = value * unit
    places = max(0, digits - 1 - (len(str(int(scaled))) - 1 if scaled >= 1 else 0))
    return f"{scaled:.{places}f}"


def row(title: str, name: str, goal: float | None, ours: Sequence[Record], peer: Sequence[Record]) -> Record:
    """One line of the table: medians over the rounds and their ratios."""
    wall = [median(records, "seconds_median") for records in (ours, peer)]
    cpu = [median(records, "cpu_s_median") for records in (ours, peer)]
    found = ratio(wall[1], wall[0])
    return {
        "job": title,
        "peer": f"{name} {peer[0].get('version', '')}".strip(),
        "ours_s": wall[0],
        "peer_s": wall[1],
        "ratio": found,
        "ours_cpu_s": cpu[0],
        "peer_cpu_s": cpu[1],
        "cpu_ratio": ratio(cpu[1], cpu[0]),
        "goal": goal,
        "met": None if goal is None or found is None else found >= goal,
    }


HEADER = ("job", "peer", "ours ms", "peer ms", "ratio", "ours CPU ms", "peer CPU ms", "CPU ratio", "goal", "results")


def cells(line: Record) -> tuple[str, ...]:
    """One line of the table as text."""
    if "skipped" in line:
        return (line["job"], line["peer"], *["-"] * 6, number(line["goal"], digits=1), f"skipped: {line['skipped']}")
    times = [number(line[key], 1e3) for key in ("ours_s", "peer_s")]
    cpu = [number(line[key], 1e3) for key in ("ours_cpu_s", "peer_cpu_s")]
    ratios = [f"{number(line[key], digits=3)} x" for key in ("ratio", "cpu_ratio")]
    goal = f"{line['goal']:.0f} x {'met' if line['met'] else 'NOT met'}"
    return (line["job"], line["peer"], *times, ratios[0], *cpu, ratios[1], goal, line["results"])


def markdown(lines: Sequence[Record]) -> str:
    """The table as Markdown."""
    rows = [HEADER, tuple("---" for _ in HEADER), *(cells(line) for line in lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
