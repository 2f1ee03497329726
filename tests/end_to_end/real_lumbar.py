"""A real lumbar Dixon volume runs to the end; layers lie on its grid to the last bit of the header.

How good the labels are is not judged here: the demo model knows synthetic images only.
"""

from __future__ import annotations

import gzip
import os
import tempfile
import unittest
from pathlib import Path

import numpy
from host import Host, labels, voxels
from testing import MODEL, PROGRAM, STRUCTURES, read_nifti, run_program, run_tests

IMAGE = Path(os.environ.get("RATERLENS_REAL_IMAGE", "no-image"))

#: Where a NIfTI-1 header keeps geometry: dim, pixdim, xyzt_units, qform and sform.
GEOMETRY_BYTES = (slice(40, 56), slice(76, 108), slice(123, 124), slice(252, 328))


def geometry(path: Path) -> list[bytes]:
    """The bytes of a header that say where voxels are."""
    header = gzip.decompress(path.read_bytes())[:348]
    return [header[part] for part in GEOMETRY_BYTES]


class RealLumbar(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="raterlens-test-")
        cls.case = run_program(IMAGE, Path(cls.folder.name) / "case")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_every_layer_has_the_images_geometry_bit_for_bit(self):
        expected = geometry(IMAGE)
        layers = [self.case / "labels.nii.gz", *(self.case / f"variance_{name}.nii.gz" for name in STRUCTURES)]
        for layer in layers:
            self.assertEqual(geometry(layer), expected, layer.name)

    def test_the_image_in_the_workspace_is_the_users_file(self):
        self.assertEqual((self.case / "image.nii.gz").read_bytes(), IMAGE.read_bytes())
        self.assertIn("image.nii.gz", (self.case / "case.itksnap").read_text())

    def test_the_scene_has_the_same_labels_and_maps(self):
        host = Host()
        segmentation = host.raterlens.Segment(host.load_volume(IMAGE), str(MODEL), "cpu")
        self.assertIsNotNone(segmentation, host.raterlens.GetLastError())
        expected, _ = read_nifti(self.case / "labels.nii.gz")
        numpy.testing.assert_array_equal(labels(segmentation), expected)
        for name in STRUCTURES:
            expected, _ = read_nifti(self.case / f"variance_{name}.nii.gz")
            node = host.raterlens.GetVarianceNode(segmentation, name)
            numpy.testing.assert_array_equal(voxels(node.GetImageData()), expected, err_msg=name)


if __name__ == "__main__":
    run_tests(MODEL / "model.json", PROGRAM, IMAGE)
