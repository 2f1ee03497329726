"""Makes a model package of a training run ready to be passed on: name, licence, description and card.

    python3 tools/package_model.py RUN/NAME.rlmodel models/NEW.rlmodel \\
      --licence Apache-2.0 --description TEXT --card CARD.md

Weights stay as they are; the name is that of the new folder; checksums are made anew. Only Python's own library is
needed.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

SUFFIX = ".rlmodel"


def package(model: Path, out: Path, licence: str, description: str, card: str) -> None:
    """Writes the package."""
    if out.suffix != SUFFIX or out.exists():
        raise SystemExit(f"{out} must end in {SUFFIX} and not be there yet")
    manifest = json.loads((model / "model.json").read_text(encoding="utf-8"))
    weights = (model / "weights.safetensors").read_bytes()
    if hashlib.sha256(weights).hexdigest() != manifest["weights"]["sha256"]:
        raise SystemExit(f"the weights of {model} are damaged")
    manifest.update(name=out.stem, licence=licence, description=description)
    out.mkdir(parents=True)
    (out / "model.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    shutil.copyfile(model / "weights.safetensors", out / "weights.safetensors")
    (out / "README.md").write_text(card, encoding="utf-8")
    files = ("model.json", "weights.safetensors")
    sums = (f"{hashlib.sha256((out / name).read_bytes()).hexdigest()}  {name}\n" for name in files)
    (out / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--licence", required=True, help="SPDX identifier")
    parser.add_argument("--description", required=True)
    parser.add_argument("--card", required=True, type=Path, help="the card, Markdown")
    args = parser.parse_args()
    card = args.card.read_text(encoding="utf-8")
    package(args.model, args.out, args.licence, args.description, card)
    print(args.out)


if __name__ == "__main__":
    main()
