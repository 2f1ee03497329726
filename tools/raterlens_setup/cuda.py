"""Step ``cuda``: the libraries that let the same libtorch use an NVIDIA GPU (not in ``all``)."""

from __future__ import annotations

from . import paths, say
from .errors import SetupError
from .stamps import Stamp
from .unpack import unpack_wheel
from .venv import ensure_venv
from .wheels import fetch_wheels

LOCK = paths.REQUIREMENTS / "cuda.txt"


def run() -> None:
    """Adds the CUDA 13 libraries beside the unpacked torch wheel, where it looks for them."""
    if not (paths.TORCH / "torch").is_dir():
        raise SetupError("the step cuda comes after the step torch: run  python3 tools/setup.py torch cuda")
    libraries = paths.TORCH / "nvidia"
    stamp = Stamp("cuda", [LOCK], [libraries / "cudnn" / "lib", libraries / "nvshmem" / "lib"])
    if stamp.fresh():
        say.info("CUDA libraries: already there")
        return
    say.step("CUDA 13 libraries (2 GB to download); the GPU's driver is not touched")
    for wheel in fetch_wheels(LOCK, paths.WHEELS, ensure_venv()):
        say.info(f"unpacking {wheel.name}")
        unpack_wheel(wheel, paths.TORCH)
    stamp.write()
