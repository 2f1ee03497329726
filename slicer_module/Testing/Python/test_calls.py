"""Calls from Python: progress, cancel, failure, and the way that does not block."""

from __future__ import annotations

import time
import unittest

import slicer_core as slicer
from host import Host, labels
from testing import IMAGE, MODEL, run_tests

CPU = "cpu"


class CallsTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.logic = self.host.raterlens
        self.volume = self.host.load_volume(IMAGE)
        self.before = self.host.node_ids()

    def test_the_logic_is_a_slicer_module_logic(self):
        self.assertIsInstance(self.logic, slicer.vtkSlicerModuleLogic)

    def test_segment_takes_plain_arguments_and_tells_its_progress(self):
        seen = []
        self.logic.AddObserver(
            "ProgressEvent", lambda *_: seen.append((self.logic.GetProgress(), self.logic.GetStage()))
        )
        segmentation = self.logic.Segment(self.volume, str(MODEL), CPU, 7)
        self.assertIsNotNone(segmentation, self.logic.GetLastError())
        self.assertEqual(self.logic.GetLastError(), "")
        self.assertEqual(segmentation.GetAttribute("RaterLens.Seed"), "7")
        fractions = [fraction for fraction, _ in seen]
        self.assertEqual(fractions, sorted(fractions))
        self.assertTrue(any(stage for _, stage in seen))

    def test_uncertainty_comes_as_volumes_beside_the_segmentation(self):
        self.assertIsNone(self.logic.GetUncertaintyNode(None, "epistemic_entropy"))
        self.logic.SetEpistemic("dropout")
        self.logic.SetAleatoric("augment")
        self.logic.SetSamples(2)
        segmentation = self.logic.Segment(self.volume, str(MODEL), CPU)
        self.assertIsNotNone(segmentation, self.logic.GetLastError())
        for name in ("epistemic_entropy", "mutual_information", "aleatoric_entropy"):
            volume = self.logic.GetUncertaintyNode(segmentation, name)
            self.assertIsNotNone(volume, name)
            self.assertEqual(volume.GetImageData().GetDimensions(), self.volume.GetImageData().GetDimensions())
            low, high = volume.GetImageData().GetScalarRange()
            self.assertGreaterEqual(low, 0)
            self.assertTrue(0.01 < high < 1.7, (name, high))
            self.assertIn(self.volume.GetName(), volume.GetName())
            display = volume.GetDisplayNode()
            self.assertEqual(display.GetWindowLevelMin(), 0)
        self.assertIsNone(self.logic.GetUncertaintyNode(segmentation, "evidential_uncertainty"))

    def test_an_ensemble_needs_a_second_model_and_tells_it(self):
        self.logic.SetEpistemic("ensemble")
        self.assertIsNone(self.logic.Segment(self.volume, str(MODEL), CPU))
        self.assertIn("two models", self.logic.GetLastError())
        self.assertEqual(self.host.node_ids(), self.before)
        self.logic.AddEnsembleMember(str(MODEL))
        segmentation = self.logic.Segment(self.volume, str(MODEL), CPU)
        self.assertIsNotNone(segmentation, self.logic.GetLastError())
        information = self.logic.GetUncertaintyNode(segmentation, "mutual_information")
        # The same model twice disagrees about nothing.
        self.assertLess(information.GetImageData().GetScalarRange()[1], 1e-6)

    def test_cancel_from_an_observer_returns_within_a_second(self):
        cancelled = []

        def cancel(*_):
            if self.logic.GetProgress() > 0 and not cancelled:
                cancelled.append(time.monotonic())
                self.logic.Cancel()

        self.logic.AddObserver("ProgressEvent", cancel)
        self.assertIsNone(self.logic.Segment(self.volume, str(MODEL), CPU))
        self.assertLess(time.monotonic() - cancelled[0], 1.0)
        self.assertIn("cancelled", self.logic.GetLastError())
        self.assertEqual(self.host.node_ids(), self.before)

    def test_the_scene_stays_free_while_it_computes(self):
        self.assertTrue(self.logic.StartSegment(self.volume, str(MODEL), CPU), self.logic.GetLastError())
        self.assertEqual(self.host.node_ids(), self.before)
        while self.logic.Poll() == self.logic.Running:
            time.sleep(0.02)
        self.assertEqual(self.logic.GetState(), self.logic.Ready, self.logic.GetLastError())
        self.assertEqual(self.host.node_ids(), self.before)
        segmentation = self.logic.Apply()
        self.assertGreater((labels(segmentation) > 0).sum(), 0)
        self.assertEqual(self.logic.GetState(), self.logic.Idle)

    def test_failures_leave_the_scene_as_it_was(self):
        empty = self.host.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Empty")
        before = self.host.node_ids()
        for volume, model, word in (
            (self.volume, "no-such.rlmodel", "model"),
            (empty, MODEL, "voxels"),
            (None, MODEL, "volume"),
        ):
            with self.subTest(word=word):
                self.assertIsNone(self.logic.Segment(volume, str(model), CPU))
                self.assertIn(word, self.logic.GetLastError())
                self.assertEqual(self.host.node_ids(), before)

    def test_a_closed_scene_can_be_used_again(self):
        self.assertIsNotNone(self.logic.Segment(self.volume, str(MODEL), CPU))
        self.host.scene.Clear(False)
        self.assertEqual(self.host.nodes("vtkMRMLSegmentationNode"), [])
        volume = self.host.load_volume(IMAGE)
        self.assertIsNotNone(self.logic.Segment(volume, str(MODEL), CPU), self.logic.GetLastError())


if __name__ == "__main__":
    run_tests(MODEL / "model.json", IMAGE)
