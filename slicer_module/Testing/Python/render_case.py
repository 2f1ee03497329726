#!/usr/bin/env python3
"""Segments an image through the Slicer module and draws its slice views off-screen.

Usage: render_case.py IMAGE --model MODEL [-o PICTURE.png] [--scene SCENE.mrb] [--slices N] [--width PIXELS]

Draws N axial slices through the labelled region: above the image with the outlines of the segments, below with the
variance maps over it, as Slicer shows the scene; with --scene also saves the scene itself. Run it with the Python
environment of the slicer-core host and with the folder of the built module on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy
from host import Host, labels, ras_from_ijk
from legend import make_legend
from slice_picture import SliceView, write_png

#: Width of what is seen, in widths of the labelled region.
MARGIN = 1.5
#: Opacity of the outlines where the maps, which are brightest there, are to be seen under them.
OUTLINE_OVER_MAPS = 0.3


def render_case(host, volume, segmentation, count: int = 4, width: int = 1280) -> numpy.ndarray:
    """Two rows of `count` slices, a legend below; array [row, column, 3]. `segmentation` is a result for `volume`."""
    view = SliceView(host, "RaterLensPicture", size=(width // count, width // count * 3 // 4))
    maps = variance_volumes(host, segmentation)
    center, extent_mm, slices = labelled_region(volume, segmentation, count)
    rows = []
    for with_maps in (False, True):
        show_layers(view, volume, maps if with_maps else [])
        segmentation.GetDisplayNode().SetOpacity2DOutline(OUTLINE_OVER_MAPS if with_maps else 1.0)
        rows.append(numpy.concatenate([_draw(view, volume, center, extent_mm, place) for place in slices], axis=1))
    segmentation.GetDisplayNode().SetOpacity2DOutline(1.0)
    strip = make_legend(rows[0].shape[1], segment_colors(segmentation), maps[0].GetDisplayNode())
    view.close()
    return numpy.concatenate([*rows, strip], axis=0)


def _draw(view, volume, center, extent_mm: float, index_k: int) -> numpy.ndarray:
    """One slice, with its index along k and the patient's sides."""
    place = numpy.array(center)
    place[2] = index_k
    view.look_at(to_ras(volume, place), MARGIN * extent_mm)
    view.clear_annotations()
    view.annotate(f"k = {index_k}", 0.06, 0.89)
    view.annotate("R", 0.06, 0.47)
    view.annotate("L", 0.90, 0.47)
    return view.picture()


def show_layers(view, background, overlays, opacity: float = 0.8) -> None:
    """Puts volumes into one view's layers: a background and any number over it."""
    composite = view.composite
    composite.SetBackgroundVolumeID(background.GetID())
    first = composite.LayerForeground
    for layer in [first, *range(composite.Layer_Last, composite.Layer_Last + composite.GetNumberOfAdditionalLayers())]:
        composite.SetNthLayerVolumeID(layer, None)
    for index, volume in enumerate(overlays):
        layer = first if index == 0 else composite.Layer_Last + index - 1
        composite.SetNthLayerVolumeID(layer, volume.GetID())
        composite.SetNthLayerOpacity(layer, opacity)


def labelled_region(volume, segmentation, count: int) -> tuple[list[float], float, list[int]]:
    """Centre (i, j, k) and in-plane extent in mm of all labels, and `count` slices spread over them."""
    occupied = labels(segmentation) > 0
    if not occupied.any():
        raise ValueError("the model labelled nothing in this image")
    ranges = [numpy.flatnonzero(occupied.any(axis=axes)) for axes in ((0, 1), (0, 2), (1, 2))]  # i, j, k
    center = [float(found[0] + found[-1]) / 2 for found in ranges]
    spacing = volume.GetSpacing()
    extent_mm = max((found[-1] - found[0] + 1) * spacing[axis] for axis, found in enumerate(ranges[:2]))
    picks = numpy.linspace(0, len(ranges[2]) - 1, count + 2)[1:-1].round().astype(int)
    return center, float(extent_mm), [int(ranges[2][pick]) for pick in picks]


def to_ras(volume, index_ijk) -> list[float]:
    """The point (RAS, mm) at a voxel index."""
    return list((numpy.array(ras_from_ijk(volume)) @ [*index_ijk, 1.0])[:3])


def variance_volumes(host, segmentation) -> list:
    """The variance volumes of a result, in the order of its segments."""
    segments = segmentation.GetSegmentation()
    names = [segments.GetNthSegmentID(index) for index in range(segments.GetNumberOfSegments())]
    return [host.raterlens.GetVarianceNode(segmentation, name) for name in names]


def segment_colors(segmentation) -> list[tuple[str, tuple[float, float, float]]]:
    """Name and colour of every segment."""
    segments = segmentation.GetSegmentation()
    found = [segments.GetNthSegment(index) for index in range(segments.GetNumberOfSegments())]
    return [(segment.GetName(), segment.GetColor()) for segment in found]


def main(arguments: list[str] | None = None) -> int:
    """The program; returns its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("image", type=Path)
    parser.add_argument("--model", required=True, help="folder of a model package")
    parser.add_argument("-o", "--output", type=Path, help="PNG file to write")
    parser.add_argument("--scene", type=Path, help="MRB file to write, for opening in Slicer")
    parser.add_argument("--slices", type=int, default=4, help="how many slices (default 4)")
    parser.add_argument("--width", type=int, default=1280, help="width in pixels (default 1280)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    options = parser.parse_args(arguments)
    host = Host()
    host.add_slice_views()
    volume = host.load_volume(options.image)
    segmentation = host.raterlens.Segment(volume, options.model, options.device)
    if segmentation is None:
        print(f"error: {host.raterlens.GetLastError()}", file=sys.stderr)
        return 1
    if options.scene:
        host.save(options.scene)
    if options.output:
        write_png(options.output, render_case(host, volume, segmentation, options.slices, options.width))
    return 0


if __name__ == "__main__":
    sys.exit(main())
