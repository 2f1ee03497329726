#!/usr/bin/env python3
"""Times RaterLens and other programs on the same inputs, in turns, and compares what they found.

    python3 tools/bench/peers.py [--rounds N] [--only JOB,...] [--huge-pages]

Needs the peers' scripts (``../shared/peers`` beside the repository, or RATERLENS_PEERS_DIR), a Python that has their
packages (RATERLENS_PEERS_PYTHON, else the one that runs this) and ``cargo build --release --example time_job``. What is
not there is skipped with the reason. Inputs are made once in ``build/bench-data`` (RATERLENS_BENCH_DATA names another
folder). The table is printed and written to ``build/bench/peers.md``, all records to ``build/bench/peers.json``.

With --huge-pages, glibc asks the kernel for huge pages in every program timed, ours and theirs. NumPy always does.

The exit code is 1 when results differ that should not; a goal that is missed is only reported.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import compare  # noqa: E402
from bench.cases import JOBS, MAPS, SCORES, Job, Peer  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "build" / "bench"
INPUTS = ("A.npy", "B.npy", "C.npy")
EVALUATION_INPUTS = ("D.npy", "G_scores.npy", "G_positive.npy")
OURS_PER_ROUND = 7
TIMEOUT_S = 600


class Skip(Exception):
    """Why something is not timed."""


def environment(huge_pages: bool) -> dict[str, str]:
    """That of every program timed."""
    data = os.environ.get("RATERLENS_BENCH_DATA") or str(ROOT / "build" / "bench-data")
    # Nothing is left in the peers' folder, which may not be ours.
    env = {**os.environ, "RATERLENS_BENCH_DATA": data, "PEER_DATA": data, "PYTHONDONTWRITEBYTECODE": "1"}
    env["PEER_D_SLICES"] = "16"  # as many as evaluation_inputs.py makes
    if huge_pages:
        env["GLIBC_TUNABLES"] = "glibc.malloc.hugetlb=1"
    return env


def peers_folder() -> Path:
    """Where the peers' scripts are."""
    folder = Path(os.environ.get("RATERLENS_PEERS_DIR") or ROOT.parent / "shared" / "peers")
    if not (folder / "gen.py").is_file():
        raise Skip(f"no peers' scripts in {folder} (set RATERLENS_PEERS_DIR)")
    return folder


def our_program() -> Path:
    """The program that runs one of our jobs."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    program = target / "release" / "examples" / "time_job"
    if not program.is_file():
        raise Skip("time_job is not built: cargo build --release -p raterlens-core --example time_job")
    return program


def run(command: list[str], env: dict[str, str], folder: Path) -> str:
    """The output of a command; Skip with the last line of its complaint when it fails."""
    try:
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Skip(str(error)) from error
    if done.returncode != 0:
        complaint = (done.stderr or done.stdout).strip().splitlines()
        raise Skip(complaint[-1] if complaint else f"exit code {done.returncode}")
    return done.stdout


def make_inputs(python: str, folder: Path, env: dict[str, str], jobs: list[Job]) -> None:
    """Makes the inputs of these jobs that are missing."""
    data = Path(env["RATERLENS_BENCH_DATA"])
    data.mkdir(parents=True, exist_ok=True)
    ours = [str(Path(__file__).with_name("evaluation_inputs.py")), str(data)]
    scripts = {peer.script in (MAPS, SCORES) for job in jobs for peer in job.peers}
    for is_ours, names, script in (
        (False, INPUTS, [str(folder / "gen.py")]),
        (True, EVALUATION_INPUTS, ours),
    ):
        if is_ours in scripts and not all((data / name).is_file() for name in names):
            print(f"making inputs in {data}", flush=True)
            run([python, *script], env, folder)


class Bench:
    """Runs jobs of ours and of peers."""

    def __init__(self, python: str, folder: Path, env: dict[str, str], rounds: int) -> None:
        self.python, self.folder, self.env, self.rounds = python, folder, env, rounds
        self.program = our_program()
        self.records: list[compare.Record] = []

    def ours(self, job: Job) -> compare.Record:
        """One round of our job, with the digest of its label map."""
        labels = OUTPUT / f"{job.name}.labels"
        labels.unlink(missing_ok=True)
        record = json.loads(run([str(self.program), job.name, str(OURS_PER_ROUND), str(labels)], self.env, ROOT))
        if labels.is_file():
            record["digest"] = hashlib.sha1(labels.read_bytes()).hexdigest()[:12]
            labels.unlink()
        self.records.append(record)
        return record

    def theirs(self, peer: Peer) -> compare.Record:
        """One round of a peer."""
        env = {**self.env, "PEER_REPS": str(peer.repeats)}
        lines = run([self.python, peer.script, "--case", peer.case], env, self.folder).splitlines()
        record = next((json.loads(line) for line in reversed(lines) if line.startswith("{")), None)
        if record is None:
            raise Skip("it printed no record")
        self.records.append(record)
        return record

    def against(self, job: Job, peer: Peer) -> compare.Record:
        """One line of the table: rounds of both in turns."""
        ours, theirs = [], []
        try:
            for _ in range(self.rounds):
                theirs.append(self.theirs(peer))
                ours.append(self.ours(job))
        except Skip as why:
            return {"job": job.title, "peer": peer.name, "goal": peer.goal, "skipped": str(why)}
        line = compare.row(job.title, peer.name, peer.goal, ours, theirs)
        line["results"] = compare.verdict(ours[-1]["values"], theirs[-1], ours[-1].get("digest"))
        return line


def processor() -> str:
    """The processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()


def save(lines: list[compare.Record], bench: Bench, options: argparse.Namespace) -> None:
    """Writes the table and all records."""
    about = {"processor": processor(), "huge_pages": options.huge_pages, "rounds": options.rounds}
    text = json.dumps({"about": about, "table": lines, "records": bench.records}, indent=1)
    (OUTPUT / "peers.json").write_text(text + "\n")
    (OUTPUT / "peers.md").write_text(compare.markdown(lines))


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Times RaterLens beside other programs.")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each pair, in turns (3)")
    parser.add_argument("--only", default="", help="jobs, separated by commas: " + ", ".join(job.name for job in JOBS))
    parser.add_argument("--huge-pages", action="store_true", help="huge pages for all programs timed")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Times everything; 1 when results differ."""
    options = parse(arguments)
    jobs = [job for job in JOBS if not options.only or job.name in options.only.split(",")]
    python = os.environ.get("RATERLENS_PEERS_PYTHON") or sys.executable
    env = environment(options.huge_pages)
    try:
        folder = peers_folder()
        run([python, "-c", "import numpy"], env, folder)
        make_inputs(python, folder, env, jobs)
        bench = Bench(python, folder, env, options.rounds)
    except Skip as why:
        print(f"skipped: comparison with other programs: {why}")
        return 0
    OUTPUT.mkdir(parents=True, exist_ok=True)
    lines = []
    for job in jobs:
        for peer in job.peers:
            lines.append(bench.against(job, peer))
            print(" | ".join(compare.cells(lines[-1])), flush=True)
            save(lines, bench, options)
    print(f"load {os.getloadavg()[0]:.1f}; tables in {OUTPUT}")
    return 1 if any(line.get("results", "").startswith("DIFFERENT") for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
