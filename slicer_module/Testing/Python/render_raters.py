#!/usr/bin/env python3
"""Fuses raters' label maps through the Slicer module and draws the consensus over the raters' variance, off-screen.

Usage: render_raters.py IMAGE RATER.nii.gz RATER.nii.gz ... [--method METHOD] [-o PICTURE.png] [--scene SCENE.mrb]

The raters are called by their files' names, the structures by their labels. Above the outlines of the consensus, below
the variance maps under them. Run it as render_case.py.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy
from host import Host, ras_from_ijk, voxels
from raters import add_segmentation
from render_case import render_case
from slice_picture import write_png

#: Colours that people with any kind of colour vision can tell apart (Okabe and Ito 2008).
COLORS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167))


def load_raters(host, paths) -> list:
    """One segmentation node per label map; its segments are called "Label 1", "Label 2", ..."""
    raters = []
    for path in paths:
        volume = host.load_volume(path)
        drawn = voxels(volume.GetImageData()).astype(numpy.uint8)
        structures = [
            (f"Label {label}", None, None, tuple(c / 255 for c in COLORS[(label - 1) % len(COLORS)]))
            for label in range(1, int(drawn.max()) + 1)
        ]
        name = Path(path).name.split(".")[0]
        raters.append(add_segmentation(host.scene, f"{name} drawing", drawn, ras_from_ijk(volume), structures))
        host.scene.RemoveNode(volume)
    return raters


def main(arguments: list[str] | None = None) -> int:
    """The program; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("image", type=Path)
    parser.add_argument("raters", type=Path, nargs="+", help="label maps, one per rater")
    parser.add_argument("--method", default="majority", help="majority, staple, mean or soft-distance")
    parser.add_argument("-o", "--output", type=Path, help="PNG file to write")
    parser.add_argument("--scene", type=Path, help="MRB file to write, for opening in Slicer")
    options = parser.parse_args(arguments)
    host = Host()
    host.add_slice_views()
    volume = host.load_volume(options.image)
    raters = load_raters(host, options.raters)
    consensus = host.raterlens.FuseRaters(raters, options.method, volume)
    overall = consensus and host.raterlens.CompareRaters(raters, volume)
    if not overall:
        print(f"error: {host.raterlens.GetLastError()}", file=sys.stderr)
        return 1
    if options.scene:
        host.save(options.scene)
    if options.output:
        for rater in raters:
            rater.GetDisplayNode() and rater.GetDisplayNode().SetVisibility(False)
        write_png(options.output, render_case(host, volume, consensus))
    return 0


if __name__ == "__main__":
    sys.exit(main())
