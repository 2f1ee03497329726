"""Step ``torch``: a libtorch for the build, made from the pinned PyTorch wheels.

Linking against the wheel as it is would make CUDA a hard dependency. The folder
``.cache/libtorch`` therefore offers only the CPU libraries to the linker, as links to the
unpacked wheel in ``.cache/torch``; the CUDA library stays beside them and may be opened at
run time.
"""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from . import paths, say
from .errors import SetupError
from .stamps import Stamp
from .unpack import unpack_wheels
from .venv import ensure_venv
from .wheels import fetch_wheels

TORCH_VERSION = "2.11.0"
LOCK = paths.REQUIREMENTS / "torch.txt"
#: Raised when the layout below changes, so that older folders are made anew.
LAYOUT = "layout 1"
#: Links in ``libtorch/lib`` and the files in ``torch/lib`` they lead to.
LINKS: dict[str, str] = {
    "libtorch_cpu.so": "libtorch_cpu.so",
    "libc10.so": "libc10.so",
    "libgomp.so.1": "libgomp.so.1",
    "libgomp.so": "libgomp.so.1",
}


def run() -> None:
    """Downloads, unpacks and lays out libtorch; does nothing when it is there."""
    own = os.environ.get("LIBTORCH")
    if own:
        say.info("libtorch: LIBTORCH is set, using that one (it must be version " + TORCH_VERSION + ")")
        return
    _check_platform()
    marks = [paths.TORCH / "torch" / "lib" / "libtorch_cpu.so", paths.LIBTORCH / "lib" / "libtorch.so"]
    stamp = Stamp("torch", [LOCK, LAYOUT], marks)
    if stamp.fresh():
        say.info(f"libtorch {TORCH_VERSION}: already there")
        return
    say.step(f"libtorch {TORCH_VERSION} from the PyTorch wheel (544 MB to download, 1.2 GB unpacked)")
    wheels = fetch_wheels(LOCK, paths.WHEELS, ensure_venv())
    say.info("unpacking into .cache/torch")
    unpack_wheels(wheels, paths.TORCH)
    lay_out(paths.TORCH, paths.LIBTORCH)
    stamp.write()


def _check_platform() -> None:
    machine = (platform.system(), platform.machine())
    if machine == ("Linux", "x86_64"):
        return
    raise SetupError(
        f"The automatic libtorch step is for Linux on x86_64; this is {machine[0]} on {machine[1]}, "
        f"where the build is untested. Unpack a libtorch {TORCH_VERSION}, set LIBTORCH to its folder "
        "and run again."
    )


def lay_out(torch: Path, libtorch: Path) -> None:
    """Makes the folder for ``LIBTORCH`` from the unpacked wheels, with relative links."""
    lib = torch / "torch" / "lib"
    for source in LINKS.values():
        if not (lib / source).is_file():
            raise SetupError(f"the torch wheel holds no {source}: its layout has changed, see docs/building.md")
    if libtorch.exists():
        shutil.rmtree(libtorch)
    (libtorch / "lib").mkdir(parents=True)
    _link(libtorch / "include", torch / "torch" / "include")
    for name, source in LINKS.items():
        _link(libtorch / "lib" / name, lib / source)
    # A linker script in the place of the CUDA-linked libtorch.so.
    (libtorch / "lib" / "libtorch.so").write_text("INPUT(libtorch_cpu.so)\n", encoding="ascii")
    (libtorch / "build-version").write_text(TORCH_VERSION + "\n", encoding="ascii")


def _link(link: Path, target: Path) -> None:
    link.symlink_to(os.path.relpath(target, link.parent))
