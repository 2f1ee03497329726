"""Raters' segmentations in a Slicer scene: calls, numbers, grids, orientations, saving."""

from __future__ import annotations

import re
import tempfile
import time
import unittest
from pathlib import Path

import numpy
import render_raters
import slicer_core as slicer
from host import Host, labels, ras_from_ijk, voxels
from raters import HANDS, MUSCLES, add_raters, add_segmentation, drawing
from test_orientations import STORAGES, back, stored
from testing import IMAGE, OUTPUT, run_tests
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkCollection
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkIOImage import vtkPNGReader

DIMS = (48, 40, 5)
NAMES = ("right_multifidus", "left_multifidus", "right_erector_spinae", "left_erector_spinae")


def oblique_matrix():
    """1.5 x 1.25 x 5 mm, tilted by 20 degrees about the left-right axis; i runs to the patient's left."""
    angle = numpy.radians(20)
    turn = numpy.eye(4)
    turn[1:3, 1:3] = [[numpy.cos(angle), -numpy.sin(angle)], [numpy.sin(angle), numpy.cos(angle)]]
    matrix = turn @ numpy.diag([-1.5, -1.25, 5.0, 1.0])
    matrix[:3, 3] = [36, 25, -12]
    return matrix


def add_volume(scene, dims, matrix):
    """An image of zeros."""
    image = vtkImageData()
    image.SetDimensions(*dims)
    image.GetPointData().SetScalars(numpy_to_vtk(numpy.zeros(numpy.prod(dims), numpy.int16), deep=True))
    elements = vtkMatrix4x4()
    elements.DeepCopy([float(value) for value in numpy.asarray(matrix).ravel()])
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Image")
    node.SetAndObserveImageData(image)
    node.SetIJKToRASMatrix(elements)
    return node


def majority(drawings):
    """The label that most gave; background for ties."""
    counts = numpy.stack([sum(d == label for d in drawings) for label in range(len(MUSCLES) + 1)])
    best = counts.max(axis=0)
    return numpy.where((counts == best).sum(axis=0) > 1, 0, counts.argmax(axis=0))


class RatersTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.logic = self.host.raterlens
        self.volume = add_volume(self.host.scene, DIMS, oblique_matrix())
        self.raters = add_raters(self.host, self.volume)
        self.drawings = [drawing(DIMS, hand) for hand in HANDS.values()]

    def fuse(self, *arguments):
        consensus = self.logic.FuseRaters(*arguments)
        self.assertIsNotNone(consensus, self.logic.GetLastError())
        return consensus

    def test_a_list_and_a_collection_of_nodes_are_taken(self):
        collection = vtkCollection()
        for rater in self.raters:
            collection.AddItem(rater)
        expected = majority(self.drawings)
        numpy.testing.assert_array_equal(labels(self.fuse(self.raters)), expected)
        numpy.testing.assert_array_equal(labels(self.fuse(collection, "majority")), expected)
        self.assertEqual(list(self.logic.GetWarnings()), [])
        overall = self.logic.CompareRaters(self.raters)
        self.assertIsNotNone(overall, self.logic.GetLastError())
        pairs = self.logic.GetTable(overall, "pairs").GetTable()
        first, second = self.drawings[0] == 1, self.drawings[1] == 1
        dice = 2 * (first & second).sum() / (first.sum() + second.sum())
        self.assertAlmostEqual(pairs.GetValueByName(0, "dice").ToDouble(), dice, places=12)

    def test_the_example_of_the_readme_runs(self):
        readme = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
        (example,) = [code for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "FuseRaters" in code]
        ann, ben, cem = self.raters
        names = {"scene": self.host.scene, "ann": ann, "ben": ben, "cem": cem}
        exec(example, names)  # noqa: S102 - our own text
        for name in ("variance", "entropy", "performance", "overall"):
            self.assertIsNotNone(names[name], name)
        self.assertEqual(len(names["charts"]), 4)

    def test_a_picture_of_the_sample_raters_is_written(self):
        paths = [IMAGE, *(IMAGE.parent / f"rater{n}.nii.gz" for n in (1, 2, 3))]
        if not all(path.exists() for path in paths):
            self.skipTest("there is no sample case with raters")
        picture = OUTPUT / "raters.png"
        picture.unlink(missing_ok=True)
        self.assertEqual(render_raters.main([*map(str, paths), "-o", str(picture)]), 0)
        reader = vtkPNGReader()
        reader.SetFileName(str(picture))
        reader.Update()
        pixels = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).astype(int)
        self.assertGreater((numpy.ptp(pixels, axis=1) > 12).sum(), 5000, "no outlines or maps")

    def test_failures_say_why(self):
        before = self.host.node_ids()
        for arguments, words in (
            (([],), "at least two"),
            ((self.raters[:1],), "1 was given"),
            (([self.raters[0], None],), "Rater 2 is no segmentation node"),
            ((self.raters, "guess"), "'guess' is no fusion method"),
            ((self.raters, "majority", None, "coin"), "'coin' is no tie policy"),
        ):
            with self.subTest(words=words):
                self.assertIsNone(self.logic.FuseRaters(*arguments))
                self.assertIn(words, self.logic.GetLastError())
        self.assertEqual(self.host.node_ids(), before)

    def test_the_way_that_does_not_block(self):
        before = self.host.node_ids()
        self.assertTrue(self.logic.StartFuseRaters(self.raters, "staple"), self.logic.GetLastError())
        while self.logic.Poll() == self.logic.Running:
            time.sleep(0.01)
        self.assertEqual(self.host.node_ids(), before)
        self.assertIsNotNone(self.logic.Apply(), self.logic.GetLastError())
        self.assertTrue(self.logic.StartCompareRaters(self.raters))
        self.logic.Cancel()
        self.assertEqual(self.logic.GetState(), self.logic.Cancelled)
        self.assertIsNone(self.logic.ApplyComparison())

    def test_other_axis_orders_give_the_same_labels_and_maps(self):
        plain = self.fuse(self.raters)
        matrix = oblique_matrix()
        for order, backwards in STORAGES[1:]:
            with self.subTest(order=order, backwards=backwards):
                turned = [
                    add_segmentation(
                        self.host.scene, f"{name} {order} {backwards}", *stored(d, matrix, order, backwards)
                    )
                    for name, d in zip(HANDS, self.drawings, strict=True)
                ]
                consensus = self.fuse(turned)
                numpy.testing.assert_array_equal(back(labels(consensus), order, backwards), labels(plain))
                for name in NAMES:
                    found, expected = (
                        voxels(self.logic.GetVarianceNode(node, name).GetImageData()) for node in (consensus, plain)
                    )
                    numpy.testing.assert_array_equal(back(found, order, backwards), expected)
                # Raters who stored their drawings in other orders still agree on the grid of the first.
                mixed = self.fuse([self.raters[0], *turned[1:]])
                numpy.testing.assert_array_equal(labels(mixed), labels(plain))

    def test_left_is_the_patients_left_on_another_grid(self):
        # Not tilted, other voxels, i to the patient's right.
        reference = add_volume(
            self.host.scene,
            (60, 50, 8),
            numpy.diag([1.2, -1.3, 4, 1]) + [[0, 0, 0, -36], [0, 0, 0, 30], [0, 0, 0, -14], [0, 0, 0, 0]],
        )
        before = self.host.node_ids()
        mixed = [
            *self.raters[:2],
            add_segmentation(
                self.host.scene, "Dan", drawing((24, 20, 5), HANDS["Cem"]), oblique_matrix() @ numpy.diag([2, 2, 1, 1])
            ),
        ]
        self.assertIsNone(self.logic.FuseRaters(mixed))
        self.assertIn("different grids", self.logic.GetLastError())
        self.assertEqual(len(self.host.node_ids()), len(before) + 1)
        consensus = self.fuse(mixed, "majority", reference)
        to_ras = numpy.array(ras_from_ijk(reference))
        for label, name in enumerate(NAMES, start=1):
            kji = numpy.argwhere(labels(consensus) == label)
            self.assertGreater(len(kji), 20)
            x_ras = (to_ras @ [*kji.mean(axis=0)[::-1], 1.0])[0]
            self.assertGreater(x_ras if name.startswith("right") else -x_ras, 0, name)

    def test_nearest_sampling_is_that_of_numpy(self):
        shift = oblique_matrix() @ numpy.array([[0.8, 0, 0, 0.3], [0, 1.4, 0, -0.2], [0, 0, 1, 0.4], [0, 0, 0, 1.0]])
        reference = add_volume(self.host.scene, (50, 30, 6), shift)
        kji = numpy.indices((6, 30, 50)).reshape(3, -1)
        at = numpy.linalg.inv(oblique_matrix()) @ shift @ numpy.stack([*kji[::-1], numpy.ones(kji.shape[1])])
        index = numpy.floor(at[:3] + 0.5 + 1e-6).astype(int)[::-1]
        inside = ((index >= 0) & (index < numpy.array(DIMS[::-1])[:, None])).all(axis=0)
        sampled = []
        for d in self.drawings:
            found = numpy.zeros(kji.shape[1], int)
            found[inside] = d[tuple(index[:, inside])]
            sampled.append(found.reshape(6, 30, 50))
        numpy.testing.assert_array_equal(labels(self.fuse(self.raters, "majority", reference)), majority(sampled))

    def test_forty_structures(self):
        many = [
            (f"Structure {n}", (0.1 + 0.1 * (n % 8), 0.1 + 0.18 * (n // 8)), (0.04, 0.07), (n / 40, 0.5, 0.5))
            for n in range(40)
        ]
        raters = [
            add_segmentation(self.host.scene, f"{name} many", drawing(DIMS, hand, many), oblique_matrix(), many)
            for name, hand in HANDS.items()
        ]
        consensus = self.fuse(raters, "staple")
        self.assertEqual(consensus.GetSegmentation().GetNumberOfSegments(), 40)
        self.assertIsNotNone(self.logic.GetVarianceNode(consensus, "Structure 39"))
        overall = self.logic.CompareRaters(raters)
        self.assertIsNotNone(overall, self.logic.GetLastError())
        self.assertEqual(self.logic.GetTable(overall, "overall").GetTable().GetNumberOfRows(), 41)
        chart = self.logic.GetNthChart(overall, 0)
        self.assertEqual(chart.GetNumberOfPlotSeriesNodes(), 40)  # too many for lines of limits

    def test_a_segmentation_of_surfaces_is_converted_in_a_copy(self):
        large = [
            (side, (x, 0.5), (0.2, 0.4), (1.0, 0.5, 0.0)) for side, x in (("Right muscle", 0.25), ("Left muscle", 0.75))
        ]
        drawn = drawing(DIMS, HANDS["Ann"], large)
        ann, dan = (add_segmentation(self.host.scene, n, drawn, oblique_matrix(), large) for n in ("Ada", "Dan"))
        segmentation = dan.GetSegmentation()
        self.assertTrue(segmentation.CreateRepresentation("Closed surface"))
        segmentation.SetSourceRepresentationName("Closed surface")
        segmentation.RemoveRepresentation("Binary labelmap")
        state = [dan.GetMTime(), segmentation.GetMTime(), segmentation.GetNthSegment(0).GetMTime()]
        self.assertIsNone(self.logic.FuseRaters([dan, ann]))
        self.assertIn("'Dan' has no label map", self.logic.GetLastError())
        consensus = self.fuse([dan, ann], "majority", self.volume, "first-rater")
        found = labels(consensus)
        for label in (1, 2):
            first, second = drawn == label, found == label
            # Slicer's surfaces are smooth, so that ends and corners are lost; the place is the same.
            self.assertGreater(2 * (first & second).sum() / (first.sum() + second.sum()), 0.9)
            middles = [numpy.argwhere(mask).mean(axis=0) for mask in (first, second)]
            numpy.testing.assert_allclose(*middles, atol=0.2)
        self.assertFalse(segmentation.ContainsRepresentation("Binary labelmap"))
        self.assertEqual(state, [dan.GetMTime(), segmentation.GetMTime(), segmentation.GetNthSegment(0).GetMTime()])

    def test_a_cancel_under_way_returns_within_a_second_and_changes_nothing(self):
        dims = (256, 256, 40)
        large = add_volume(self.host.scene, dims, oblique_matrix())
        raters = [
            add_segmentation(self.host.scene, f"{name} large", drawing(dims, hand), oblique_matrix())
            for name, hand in HANDS.items()
        ]
        before = self.host.node_ids()
        for call in (
            lambda: self.logic.FuseRaters(raters, "staple", large),
            lambda: self.logic.CompareRaters(raters, large),
        ):
            cancelled = []

            def cancel(*_, cancelled=cancelled):
                if not cancelled:
                    cancelled.append(time.monotonic())
                    self.logic.Cancel()

            tag = self.logic.AddObserver("ProgressEvent", cancel)
            self.assertIsNone(call())
            self.assertLess(time.monotonic() - cancelled[0], 1.0)
            self.logic.RemoveObserver(tag)
            self.assertIn("was cancelled", self.logic.GetLastError())
            self.assertEqual(self.host.node_ids(), before)

    def test_a_saved_scene_has_the_same_consensus_maps_tables_and_charts(self):
        consensus = self.fuse(self.raters)
        overall = self.logic.CompareRaters(self.raters)
        with tempfile.TemporaryDirectory(prefix="raterlens-test-") as folder:
            path = Path(folder) / "scene.mrb"
            self.host.save(path)
            other = Host()
            other.open(path)
        found = [n for n in other.nodes("vtkMRMLSegmentationNode") if n.GetName() == consensus.GetName()]
        self.assertEqual(len(found), 1)
        numpy.testing.assert_array_equal(labels(found[0]), labels(consensus))
        for key in ("Method", "Ties", "Raters", "Resampling"):
            self.assertEqual(found[0].GetAttribute(f"RaterLens.{key}"), consensus.GetAttribute(f"RaterLens.{key}"))
        names = [found[0].GetNthNodeReference("raterLensRater", n).GetName() for n in range(3)]
        self.assertEqual(names, list(HANDS))
        for before, after in [
            *((self.logic.GetVarianceNode(consensus, n), other.raterlens.GetVarianceNode(found[0], n)) for n in NAMES),
            (self.logic.GetEntropyNode(consensus), other.raterlens.GetEntropyNode(found[0])),
        ]:
            self.assertEqual(voxels(after.GetImageData()).dtype, numpy.float32)
            numpy.testing.assert_array_equal(voxels(after.GetImageData()), voxels(before.GetImageData()))
        (reloaded,) = [n for n in other.nodes("vtkMRMLTableNode") if n.GetName() == overall.GetName()]
        for name in ("overall", "pairs", "raters", "limits_of_agreement", "variance", "entropy", "differences"):
            self.assert_same_table(other.raterlens.GetTable(reloaded, name), self.logic.GetTable(overall, name))
        self.assertEqual(other.raterlens.GetNumberOfCharts(reloaded), 4)
        for index in range(4):
            self.assert_same_chart(other.raterlens.GetNthChart(reloaded, index), self.logic.GetNthChart(overall, index))

    def assert_same_table(self, after, before):
        after, before = after.GetTable(), before.GetTable()
        self.assertGreater(before.GetNumberOfRows(), 0)
        self.assertEqual(after.GetNumberOfRows(), before.GetNumberOfRows())
        for column in range(before.GetNumberOfColumns()):
            self.assertEqual(after.GetColumnName(column), before.GetColumnName(column))
            for row in range(before.GetNumberOfRows()):
                old, new = before.GetValue(row, column), after.GetValue(row, column)
                if old.IsString():
                    self.assertEqual(new.ToString(), old.ToString())
                else:
                    # Slicer writes tables as text with six digits.
                    numpy.testing.assert_allclose(new.ToDouble(), old.ToDouble(), rtol=1e-5, equal_nan=True)

    def assert_same_chart(self, after, before):
        for read in ("GetTitle", "GetXAxisTitle", "GetYAxisTitle", "GetNumberOfPlotSeriesNodes"):
            self.assertEqual(getattr(after, read)(), getattr(before, read)())
        for n in range(before.GetNumberOfPlotSeriesNodes()):
            old, new = before.GetNthPlotSeriesNode(n), after.GetNthPlotSeriesNode(n)
            self.assertEqual(new.GetName(), old.GetName())
            self.assertEqual(new.GetYColumnName(), old.GetYColumnName())
            self.assertIsInstance(new.GetTableNode(), slicer.vtkMRMLTableNode)


if __name__ == "__main__":
    run_tests()
