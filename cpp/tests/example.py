"""The examples in README.md are the files of examples/, and they run."""

import re
import subprocess
import sys
from pathlib import Path

SKIPPED = 77

#: What each example prints: a line of its output, and what goes to its error output.
EXPECTED = {
    "segment": (r"^structure \d+: [0-9.e+-]+ ml$", "100 %"),
    "fuse": (r"^voxel 2: label 1, variance 0\.0[0-9]+$", ""),
}


def main() -> int:
    """example.py EXAMPLE PROGRAM [MODEL]; 77 = skipped."""
    name, program, *needed = sys.argv[1:]
    root = Path(__file__).resolve().parent.parent
    shown = re.findall(r"```cpp\n(.*?)```", (root / "README.md").read_text("utf-8"), re.DOTALL)
    if (root / "examples" / f"{name}.cpp").read_text("utf-8") not in shown:
        print(f"README.md does not show examples/{name}.cpp: copy the file's text into its cpp block")
        return 1
    for path in needed:
        if not Path(path).exists():
            print(f"skipped: there is no model package at '{path}'")
            return SKIPPED
    ran = subprocess.run([program, *needed], capture_output=True, text=True, check=False)
    print(ran.stdout, ran.stderr)
    line, error = EXPECTED[name]
    found = re.search(line, ran.stdout, re.MULTILINE)
    return 0 if ran.returncode == 0 and found and error in ran.stderr else 1


if __name__ == "__main__":
    sys.exit(main())
