"""The example in README.md is the file examples/segment.cpp, and it runs."""

import re
import subprocess
import sys
from pathlib import Path

SKIPPED = 77


def main() -> int:
    """example.py PROGRAM MODEL; 77 = skipped."""
    program, model = Path(sys.argv[1]), Path(sys.argv[2])
    root = Path(__file__).resolve().parent.parent
    shown = re.search(r"```cpp\n(.*?)```", (root / "README.md").read_text("utf-8"), re.DOTALL)
    code = (root / "examples" / "segment.cpp").read_text("utf-8")
    if shown is None or shown.group(1) != code:
        print("README.md does not show examples/segment.cpp: copy the file's text into its cpp block")
        return 1
    if not model.exists():
        print(f"skipped: there is no model package at '{model}'")
        return SKIPPED
    ran = subprocess.run([program, model], capture_output=True, text=True, check=False)
    print(ran.stdout, ran.stderr)
    lines = re.findall(r"^structure \d+: [0-9.e+-]+ ml$", ran.stdout, re.MULTILINE)
    return 0 if ran.returncode == 0 and lines and "100 %" in ran.stderr else 1


if __name__ == "__main__":
    sys.exit(main())
