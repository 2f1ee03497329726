"""What is drawn: outlines in the segments' colours, maps where raters would differ, nothing elsewhere."""

from __future__ import annotations

import unittest

import numpy
from host import Host, labels, voxels
from render_case import (
    MARGIN,
    labelled_region,
    render_case,
    segment_colors,
    show_layers,
    to_ras,
    variance_volumes,
)
from slice_picture import SliceView, write_png
from testing import IMAGE, MODEL, OUTPUT, run_tests

#: Variance below which nothing is drawn, as the module documents it.
THRESHOLD = 0.005


def is_colored(pixels):
    """True where red, green and blue differ by more than rounding."""
    return numpy.ptp(pixels.astype(int), axis=-1) > 12


class PictureTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Host()
        cls.volume = cls.host.load_volume(IMAGE)
        cls.segmentation = cls.host.raterlens.Segment(cls.volume, str(MODEL), "cpu")
        if cls.segmentation is None:
            raise AssertionError(cls.host.raterlens.GetLastError())
        cls.view = SliceView(cls.host, "Red", size=(600, 600))
        center, extent_mm, (cls.index_k,) = labelled_region(cls.volume, cls.segmentation, 1)
        cls.view.look_at(to_ras(cls.volume, [*center[:2], cls.index_k]), MARGIN * extent_mm)
        cls.maps = variance_volumes(cls.host, cls.segmentation)
        cls.slice_labels = labels(cls.segmentation)[cls.index_k]
        cls.slice_maps = numpy.stack([voxels(volume.GetImageData())[cls.index_k] for volume in cls.maps])

    @classmethod
    def tearDownClass(cls):
        cls.view.close()

    def draw(self, *, outlines: bool, maps: bool):
        self.segmentation.GetDisplayNode().SetVisibility(outlines)
        show_layers(self.view, self.volume, self.maps if maps else [])
        return self.view.picture()

    def pixel(self, picture, i, j):
        row, column = self.view.pixel_of(to_ras(self.volume, [i, j, self.index_k]))
        return picture[row, column] if 0 <= row < 600 and 0 <= column < 600 else None

    def test_without_layers_the_image_is_grey(self):
        picture = self.draw(outlines=False, maps=False)
        self.assertFalse(is_colored(picture).any())
        self.assertGreater(picture.std(), 10)

    def test_outlines_have_the_colours_of_their_segments_and_lie_on_the_edges(self):
        colored = is_colored(picture := self.draw(outlines=True, maps=False))
        self.assertGreater(colored.sum(), 200)
        for value, (title, color) in enumerate(segment_colors(self.segmentation), start=1):
            with self.subTest(title):
                wanted = numpy.round(numpy.array(color) * 255)
                rows, columns = numpy.nonzero(numpy.abs(picture.astype(int) - wanted).max(axis=-1) <= 25)
                self.assertGreater(rows.size, 40)
                self.assert_near_edge(rows, columns, value)

    def assert_near_edge(self, rows, columns, value):
        """Nine of ten coloured pixels are within two voxels of the edge of the structure."""
        inside = self.slice_labels == value
        grown = sum(numpy.roll(inside, shift, axis) for axis in (0, 1) for shift in (-2, -1, 1, 2))
        edge = numpy.argwhere((grown > 0) & (grown < 8))[:, ::-1]
        pixels = numpy.array([self.view.pixel_of(to_ras(self.volume, [*ij, self.index_k])) for ij in edge])
        voxel_pixels = numpy.abs(pixels[:, None] - pixels[None]).sum(axis=-1)
        voxel = voxel_pixels[voxel_pixels > 0].min()
        distance = numpy.abs(numpy.stack([rows, columns], 1)[:, None] - pixels[None]).max(axis=-1).min(axis=1)
        self.assertGreater((distance <= voxel).mean(), 0.9)

    def test_maps_color_exactly_what_is_above_the_threshold(self):
        picture = self.draw(outlines=False, maps=True)
        highest = self.slice_maps.max(axis=0)
        grown = numpy.max([numpy.roll(highest, (dj, di), (0, 1)) for dj in (-1, 0, 1) for di in (-1, 0, 1)], axis=0)
        hidden = [self.pixel(picture, i, j) for j, i in numpy.argwhere(grown < THRESHOLD * 0.5)]
        hidden = [color for color in hidden if color is not None]
        self.assertGreater(len(hidden), 1000)
        self.assertFalse(any(is_colored(color) for color in hidden), "colour where the raters agree")
        shown = [self.pixel(picture, i, j) for j, i in numpy.argwhere(highest > THRESHOLD * 3)]
        self.assertGreater(len(shown), 0, "the maps are empty in this slice")
        self.assertGreater(numpy.mean([is_colored(color) for color in shown if color is not None]), 0.9)

    def test_the_patients_right_is_on_the_left_of_the_picture(self):
        columns = {}
        for value in (1, 2):
            j, i = numpy.argwhere(self.slice_labels == value).mean(axis=0)
            columns[value] = self.view.pixel_of(to_ras(self.volume, [i, j, self.index_k]))[1]
        self.assertLess(columns[1], columns[2])

    def test_a_case_picture_is_written(self):
        self.segmentation.GetDisplayNode().SetVisibility(True)
        picture = render_case(self.host, self.volume, self.segmentation)
        write_png(OUTPUT / "slice_views.png", picture)
        self.assertEqual(picture.shape[1], 1280)
        self.assertGreater(is_colored(picture).sum(), 2000)


if __name__ == "__main__":
    run_tests(MODEL / "model.json", IMAGE)
