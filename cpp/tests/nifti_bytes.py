"""Reads and writes the few NIfTI-1 files this test needs, independently of RaterLens."""

import gzip
import math
import struct
from array import array
from dataclasses import dataclass
from pathlib import Path

# NIfTI datatype code -> array type code of the same size.
ARRAY_CODES = {2: "B", 4: "h", 8: "i", 16: "f", 64: "d", 256: "b", 512: "H", 768: "I"}


@dataclass
class Nifti:
    """Voxels (i fastest) and the rows of the RAS-from-index matrix."""

    dims: tuple[int, int, int]
    srow: list[list[float]]
    voxels: array

    def geometry_arguments(self) -> list[str]:
        """Dimensions, spacing, origin (LPS) and direction (LPS, row by row) as text."""
        # RAS to LPS: the first two rows change sign.
        lps = [[-v for v in self.srow[0]], [-v for v in self.srow[1]], list(self.srow[2])]
        spacing = [math.sqrt(sum(lps[row][axis] ** 2 for row in range(3))) for axis in range(3)]
        origin = [row[3] for row in lps]
        direction = [row[axis] / spacing[axis] for row in lps for axis in range(3)]
        return [repr(value) for value in [*self.dims, *spacing, *origin, *direction]]


def read(path: Path) -> Nifti:
    """Reads a little-endian 3-D file with an sform and without a scale."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    dim = struct.unpack_from("<8h", data, 40)
    if dim[0] not in (3, 4) or any(n > 1 for n in dim[4 : dim[0] + 1]):
        raise ValueError(f"dimensions {dim} are not those of a 3-D image")
    (datatype,) = struct.unpack_from("<h", data, 70)
    offset, slope, inter = struct.unpack_from("<3f", data, 108)
    if slope not in (0.0, 1.0) or inter != 0.0:
        raise ValueError("this reader does not scale voxels")
    (sform_code,) = struct.unpack_from("<h", data, 254)
    if sform_code <= 0:
        raise ValueError("this reader needs an sform")
    srow = [list(struct.unpack_from("<4f", data, 280 + 16 * row)) for row in range(3)]
    count = dim[1] * dim[2] * dim[3]
    voxels = array(ARRAY_CODES[datatype])
    start = int(offset)
    voxels.frombytes(data[start : start + count * voxels.itemsize])
    return Nifti((dim[1], dim[2], dim[3]), srow, voxels)


def write_float(path: Path, image: Nifti) -> None:
    """Writes an uncompressed float32 file with an sform."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *image.dims, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 16, 32)
    spacing = [math.sqrt(sum(image.srow[r][a] ** 2 for r in range(3))) for a in range(3)]
    struct.pack_into("<8f", header, 76, 1.0, *spacing, 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352.0, 1.0, 0.0)
    header[123] = 2  # millimetres
    struct.pack_into("<2h", header, 252, 0, 1)
    for row in range(3):
        struct.pack_into("<4f", header, 280 + 16 * row, *image.srow[row])
    header[344:348] = b"n+1\0"
    path.write_bytes(bytes(header) + image.voxels.tobytes())
