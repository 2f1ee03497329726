"""The comparison with other programs: medians, ratios, and what counts as the same result."""

from __future__ import annotations

import contextlib
import io
import os
import unittest
from pathlib import Path
from unittest import mock

from bench import compare, peers
from bench.cases import JOBS


def record(seconds: float, cpu: float, **more: object) -> compare.Record:
    return {"seconds_median": seconds, "cpu_s_median": cpu, "version": "1.2", **more}


class RowTest(unittest.TestCase):
    """One line of the table."""

    def test_medians_over_rounds_and_their_ratios(self) -> None:
        ours = [record(0.5, 1.0), record(0.1, 0.2), record(0.2, 0.4)]
        theirs = [record(9.0, 8.0), record(1.0, 8.0), record(2.0, 8.0)]
        line = compare.row("job", "peer", 11.0, ours, theirs)
        self.assertEqual((line["ours_s"], line["peer_s"], line["ratio"]), (0.2, 2.0, 2.0 / 0.2))
        self.assertEqual((line["cpu_ratio"], line["met"], line["peer"]), (8.0 / 0.4, False, "peer 1.2"))
        self.assertTrue(compare.row("job", "peer", 10.0, ours, theirs)["met"])

    def test_text(self) -> None:
        line = compare.row("job", "peer", 10.0, [record(0.0123456, 0.02)], [record(4.0, 5.0)])
        line["results"] = "same numbers"
        expected = ("job", "peer 1.2", "12.3", "4000", "324 x", "20.0", "5000", "250 x", "10 x met", "same numbers")
        self.assertEqual(compare.cells(line), expected)
        skipped = {"job": "job", "peer": "peer", "goal": 30.0, "skipped": "no torch"}
        self.assertEqual(compare.cells(skipped)[-1], "skipped: no torch")
        self.assertEqual(len(compare.markdown([line, skipped]).splitlines()), 2 + 2)

    def test_numbers(self) -> None:
        cases = [(None, "-"), (1234.5, "1234"), (99.94, "99.9"), (2.0, "2.00"), (0.123, "0.12")]
        for value, expected in cases:
            self.assertEqual(compare.number(value), expected)


class VerdictTest(unittest.TestCase):
    """What counts as the same."""

    def test_numbers_within_their_rounding(self) -> None:
        ours = {"sensitivity": [0.8062596], "structures": [{"hd": 20.634468, "assd": 2.59688}]}
        self.assertEqual(compare.verdict(ours, {"se": [0.80626]}, None), "same numbers")
        self.assertEqual(compare.verdict(ours, {"values": [{"hd": 20.63447, "dice": 0.5}]}, None), "same numbers")
        self.assertIn("hd 1", compare.verdict(ours, {"values": [{"hd": 20.465}]}, None))
        self.assertEqual(compare.verdict(ours, {}, None), "not compared")

    def test_voxels_by_digest(self) -> None:
        peer = {"result_digest": "of reals", "binary_digest": "b", "se": [0.5]}
        self.assertEqual(compare.verdict({"sensitivity": [0.5]}, peer, "b"), "same voxels")
        self.assertEqual(compare.verdict({"sensitivity": [0.5]}, peer, "c"), "other voxels")
        self.assertIn("DIFFERENT", compare.verdict({"sensitivity": [0.6]}, peer, "b"))


class MainTest(unittest.TestCase):
    """What is not there is skipped."""

    def test_without_peers(self) -> None:
        nowhere = {"RATERLENS_PEERS_DIR": str(Path(__file__).parent / "nowhere")}
        with mock.patch.dict(os.environ, nowhere), contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertEqual(peers.main([]), 0)
        self.assertIn("skipped: comparison with other programs: no peers' scripts in", said.getvalue())

    def test_every_job_has_a_goal(self) -> None:
        self.assertEqual(len({job.name for job in JOBS}), len(JOBS))
        self.assertTrue(all(peer.goal for job in JOBS for peer in job.peers))
