#!/usr/bin/env python3
"""Times RaterLens's networks beside the PyTorch reference, in turns in one run.

    python3 tools/bench/networks.py [--network NAME] [--size SIZE] [--rounds N] [--batch N] [--no-train]
        [--processor-time]

Needs ``cargo build --release -p raterlens-nn --examples`` and a Python with PyTorch 2.11 and NumPy
(RATERLENS_PEERS_PYTHON, else the one that runs this); for ``torch.compile`` a C++ compiler. What is not there is
skipped with the reason. The table is printed and written to ``build/bench/networks-NAME-SIZE.md``.

A ratio is PyTorch's best time over ours: above 1, ours is faster. A goal that is missed is only reported. With
--processor-time (Linux), every program has one thread and its processor time counts: for machines that others use, too.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "release" / "examples"
OUTPUT = ROOT / "build" / "bench"
SAMPLES = 10
#: Time of that many samples of test-time dropout, over one plain prediction.
SAMPLES_GOAL = 2.0
#: Seconds from opening a package to a network that can predict.
LOAD_GOAL_S = 2.0


@dataclass(frozen=True)
class Job:
    """What is timed: our command, and the peer's command for each of its modes with the ratio hoped for."""

    title: str
    ours: str
    peers: dict[str, str]
    goals: dict[str, float]
    rounds: int


class Program:
    """A process that answers commands with seconds."""

    def __init__(self, command: list[str | Path], processor_time: bool) -> None:
        env = {**os.environ, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"} if processor_time else None
        self.processor_time = processor_time
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        self.greeting = self.answer()
        if not self.greeting.startswith("ready"):
            raise RuntimeError(f"{Path(command[0]).name} did not start")

    def answer(self) -> str:
        return self.process.stdout.readline().strip()

    def seconds(self, command: str) -> float:
        """Time of one command."""
        before = self.processor_seconds() if self.processor_time else 0.0
        print(command, file=self.process.stdin, flush=True)
        answer = self.answer()
        if not answer:
            raise RuntimeError(f"'{command}' failed")
        return self.processor_seconds() - before if self.processor_time else float(answer)

    def processor_seconds(self) -> float:
        """Processor time of all its threads so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def compare(job: Job, ours: Program, peer: Program) -> list[str]:
    """Rows of the table for one job; each takes its turn in every round."""
    ours.seconds(job.ours)
    ready = {}
    for name, command in job.peers.items():
        try:
            peer.seconds(command)
            ready[name] = command
        except RuntimeError as error:
            print(f"skipped: {job.title}, {name}: {error}", file=sys.stderr)
            return []
    best = {"ours": [], **{name: [] for name in ready}}
    for _ in range(job.rounds):
        best["ours"].append(ours.seconds(job.ours))
        for name, command in ready.items():
            best[name].append(peer.seconds(command))
    own = min(best.pop("ours"))
    rows = []
    for name, times in best.items():
        goal = job.goals[name]
        ratio = min(times) / own
        met = "met" if ratio >= goal else "missed"
        rows.append(f"| {job.title} | {own:.3f} | {name} {min(times):.3f} | {ratio:.2f} | {goal:.2f} {met} |")
    return rows


def loading(ours: Program, rounds: int) -> str:
    """Row of the table for opening and loading a package, whose file the system has in memory."""
    times = [(ours.seconds("open"), ours.seconds("load")) for _ in range(rounds)]
    opened, loaded = min(times, key=sum)
    met = "met" if opened + loaded < LOAD_GOAL_S else "missed"
    parts = f"checksums {opened:.2f}, load {loaded:.2f}"
    return f"| open and load the package | {opened + loaded:.3f} | {parts} | | < {LOAD_GOAL_S:.0f} s {met} |"


def sampling(ours: Program, rounds: int) -> str:
    """Row of the table for samples of test-time dropout beside one plain prediction of ours, in turns."""
    times = [(ours.seconds("predict"), ours.seconds(f"sample {SAMPLES}")) for _ in range(rounds)]
    plain, sampled = (min(column) for column in zip(*times, strict=True))
    met = "met" if sampled <= SAMPLES_GOAL * plain else "missed"
    title = f"{SAMPLES} samples of test-time dropout and their maps"
    return f"| {title} | {sampled:.3f} | our plain {plain:.3f} | {sampled / plain:.2f} x | <= {SAMPLES_GOAL} x {met} |"


def parse() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="transunet")
    parser.add_argument("--size", default="base")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--no-train", action="store_true")
    parser.add_argument("--processor-time", action="store_true")
    return parser.parse_args()


def main() -> int:
    """Times everything and writes the table."""
    options = parse()
    names = [options.network, options.size, "multi"]
    OUTPUT.mkdir(parents=True, exist_ok=True)
    programs = [EXAMPLES / "time_network", EXAMPLES / "parity"]
    if missing := [p.name for p in programs if not p.is_file()]:
        print(f"skipped: {', '.join(missing)}: cargo build --release -p raterlens-nn --examples", file=sys.stderr)
        return 0
    described = subprocess.run([programs[1], "describe", *names], capture_output=True, text=True, check=True)
    python = os.environ.get("RATERLENS_PEERS_PYTHON", sys.executable)
    ours = Program([programs[0], *names, OUTPUT], options.processor_time)
    rows = [loading(ours, options.rounds)]
    greeting = "no PyTorch"
    try:
        script = Path(__file__).with_name("network_peer.py")
        peer = Program([python, script, described.stdout.strip()], options.processor_time)
    except RuntimeError as error:
        print(f"skipped: PyTorch: {error} (set RATERLENS_PEERS_PYTHON)", file=sys.stderr)
        peer = None
    if peer is not None:
        greeting = "PyTorch {1}, {2} threads".format(*peer.greeting.split())
        modes = {"eager": "predict eager", "torch.compile": "predict compiled"}
        goals = {"eager": 1.0, "torch.compile": 1.0}
        jobs = [Job("predict one slice", "predict", modes, goals, options.rounds)]
        title = f"{SAMPLES} samples of test-time dropout and their maps"
        peers = {"eager": f"sample eager {SAMPLES}"}
        jobs.append(Job(title, f"sample {SAMPLES}", peers, {"eager": 1.0}, min(options.rounds, 3)))
        if not options.no_train:
            step = f"training step, batch {options.batch}"
            peers = {"eager": f"train eager {options.batch}"}
            jobs.append(Job(step, f"train {options.batch}", peers, {"eager": 1.0}, options.rounds))
        for job in jobs:
            found = compare(job, ours, peer)
            print(*found, sep="\n", file=sys.stderr, flush=True)
            rows += found
        rows.append(sampling(ours, options.rounds))
        peer.close()
    ours.close()
    kind = "processor time of one thread" if options.processor_time else "time"
    where = f"{platform.machine()}, {os.cpu_count()} cores, {greeting}"
    lines = [f"multi-task {options.network} {options.size}, 256 x 256, float32; {kind}; {where}", ""]
    lines += ["| what | ours s | beside it s | ratio | goal |", "| --- | --- | --- | --- | --- |", *rows]
    text = "\n".join(lines) + "\n"
    (OUTPUT / f"networks-{options.network}-{options.size}.md").write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
