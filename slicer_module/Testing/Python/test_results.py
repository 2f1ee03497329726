"""The same numbers in Slicer's scene, in a saved scene, and from the command line."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy
from host import Host, labels, ras_from_ijk, voxels
from testing import IMAGE, MODEL, PROGRAM, STRUCTURES, read_nifti, run_program, run_tests


class ResultsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.volume = cls.host.load_volume(IMAGE)
        cls.segmentation = cls.host.raterlens.Segment(cls.volume, str(MODEL), "cpu")
        if cls.segmentation is None:
            raise AssertionError(cls.host.raterlens.GetLastError())
        cls.folder = tempfile.TemporaryDirectory(prefix="raterlens-test-")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def variance(self, host, segmentation, name):
        return host.raterlens.GetVarianceNode(segmentation, name)

    def test_every_structure_has_a_segment_with_voxels(self):
        segments = self.segmentation.GetSegmentation()
        found = [segments.GetNthSegmentID(index) for index in range(segments.GetNumberOfSegments())]
        self.assertEqual(tuple(found), STRUCTURES)
        values = [segments.GetNthSegment(index).GetLabelValue() for index in range(len(found))]
        self.assertEqual(values, [1, 2, 3, 4])
        counts = numpy.bincount(labels(self.segmentation).ravel(), minlength=5)
        self.assertTrue((counts[1:5] > 50).all(), counts)

    def test_left_is_the_patients_left(self):
        to_ras = numpy.array(ras_from_ijk(self.volume))
        for side, value in (("right", 1), ("left", 2), ("right", 3), ("left", 4)):
            kji = numpy.argwhere(labels(self.segmentation) == value).mean(axis=0)
            x_ras = (to_ras @ [*kji[::-1], 1.0])[0] - self.middle_x_ras()
            self.assertGreater(x_ras if side == "right" else -x_ras, 0, f"label {value}")

    def middle_x_ras(self):
        bounds = [0.0] * 6
        self.volume.GetRASBounds(bounds)
        return (bounds[0] + bounds[1]) / 2

    def test_a_saved_scene_has_the_same_labels_maps_and_measures(self):
        path = Path(self.folder.name) / "scene.mrb"
        self.host.save(path)
        other = Host()
        other.open(path)
        reloaded = other.node("vtkMRMLSegmentationNode")
        numpy.testing.assert_array_equal(labels(reloaded), labels(self.segmentation))
        self.assertEqual(labels(reloaded).dtype, labels(self.segmentation).dtype)
        for name in STRUCTURES:
            before = self.variance(self.host, self.segmentation, name)
            after = self.variance(other, reloaded, name)
            self.assertIsNotNone(after, name)
            self.assertEqual(voxels(after.GetImageData()).dtype, numpy.float32)
            numpy.testing.assert_array_equal(voxels(after.GetImageData()), voxels(before.GetImageData()))
            numpy.testing.assert_allclose(ras_from_ijk(after), ras_from_ijk(before), rtol=0, atol=1e-5)
            self.assert_same_display(after.GetDisplayNode(), before.GetDisplayNode())
        self.assert_same_segments(reloaded.GetSegmentation(), self.segmentation.GetSegmentation())
        self.assert_same_table(other.raterlens.GetMeasuresNode(reloaded))

    def assert_same_display(self, after, before):
        for read in ("GetWindowLevelMin", "GetWindowLevelMax", "GetLowerThreshold", "GetApplyThreshold"):
            self.assertAlmostEqual(getattr(after, read)(), getattr(before, read)(), msg=read)
        for entry in (0, 30, 255):
            colors = [[0.0] * 4, [0.0] * 4]
            after.GetColorNode().GetColor(entry, colors[0])
            before.GetColorNode().GetColor(entry, colors[1])
            numpy.testing.assert_allclose(colors[0], colors[1], atol=1 / 255)

    def assert_same_segments(self, after, before):
        for name in STRUCTURES:
            for read in ("GetName", "GetLabelValue", "GetTerminology"):
                self.assertEqual(getattr(after.GetSegment(name), read)(), getattr(before.GetSegment(name), read)())
            numpy.testing.assert_allclose(
                after.GetSegment(name).GetColor(), before.GetSegment(name).GetColor(), atol=1e-4
            )

    def assert_same_table(self, reloaded):
        after, before = reloaded.GetTable(), self.host.raterlens.GetMeasuresNode(self.segmentation).GetTable()
        self.assertGreater(before.GetNumberOfRows(), 4)
        self.assertEqual(after.GetNumberOfRows(), before.GetNumberOfRows())
        for column in range(before.GetNumberOfColumns()):
            self.assertEqual(after.GetColumnName(column), before.GetColumnName(column))
            for row in range(before.GetNumberOfRows()):
                self.assert_same_value(after.GetValue(row, column), before.GetValue(row, column))

    def assert_same_value(self, after, before):
        if before.IsString():
            self.assertEqual(after.ToString(), before.ToString())
        else:
            # Slicer writes tables as text with six digits.
            numpy.testing.assert_allclose(after.ToDouble(), before.ToDouble(), rtol=1e-5, equal_nan=True)

    @unittest.skipUnless(PROGRAM.exists(), f"skipped: there is no program {PROGRAM}")
    def test_the_command_line_gives_the_same_labels_and_maps(self):
        case = run_program(IMAGE, Path(self.folder.name) / "case")
        from_program, sform = read_nifti(case / "labels.nii.gz")
        numpy.testing.assert_array_equal(labels(self.segmentation), from_program)
        numpy.testing.assert_allclose(ras_from_ijk(self.volume), sform, rtol=0, atol=1e-3)
        for name in STRUCTURES:
            from_scene = voxels(self.variance(self.host, self.segmentation, name).GetImageData())
            from_program, _ = read_nifti(case / f"variance_{name}.nii.gz")
            self.assertEqual(from_program.dtype, numpy.float32)
            numpy.testing.assert_array_equal(from_scene, from_program, err_msg=name)


if __name__ == "__main__":
    run_tests(MODEL / "model.json", IMAGE)
