"""Peak memory of test-time dropout beside that of one pass (Linux only).

    cargo build --release -p raterlens-nn --example time_network
    python3 tools/bench/sampling_memory.py target/release/examples/time_network

Runs the multi-task TransUNet `base` with random weights on one slice of 256 x 256 and asks the system, after each
request, for the largest resident memory since the one before.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

REQUESTS = ["predict", "sample 2", "sample 10", "sample 40"]


def peak_mb(pid: int) -> float:
    """Largest resident memory since the last call, MB."""
    process = Path("/proc") / str(pid)
    found = re.search(r"VmHWM:\s+(\d+)", (process / "status").read_text())
    (process / "clear_refs").write_text("5")
    return int(found.group(1)) / 1024 if found else float("nan")


def main(program: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "transunet", "base", "multi", folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin and process.stdout
            process.stdout.readline()
            for request in ["open", "load", "predict", *REQUESTS]:
                process.stdin.write(request + "\n")
                process.stdin.flush()
                seconds = float(process.stdout.readline())
                print(f"{request:<10} {seconds:8.2f} s  {peak_mb(process.pid):8.0f} MB")
            process.stdin.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
