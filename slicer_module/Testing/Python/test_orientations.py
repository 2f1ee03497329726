"""The same image stored in other axis orders gives the same physical labels."""

from __future__ import annotations

import itertools
import unittest

import numpy
import slicer_core as slicer
from host import Host, labels, ras_from_ijk, voxels
from testing import IMAGE, MODEL, run_tests
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4

#: (order of the axes i, j, k; which of the new axes run backwards). The first is the image as it is.
STORAGES = [
    ((0, 1, 2), (False, False, False)),
    ((0, 1, 2), (True, True, False)),
    ((1, 0, 2), (False, True, False)),
    ((2, 0, 1), (True, False, True)),
    ((2, 1, 0), (False, False, True)),
]


def stored(array, matrix, order, backwards):
    """The same image with other axes: array [k, j, i] and its IJK-to-RAS matrix."""
    ijk = array.transpose(2, 1, 0).transpose(order)
    new_matrix = matrix.copy()
    for axis, old_axis in enumerate(order):
        step = matrix[:3, old_axis]
        new_matrix[:3, axis] = -step if backwards[axis] else step
        if backwards[axis]:
            new_matrix[:3, 3] += step * (ijk.shape[axis] - 1)
            ijk = numpy.flip(ijk, axis)
    return numpy.ascontiguousarray(ijk.transpose(2, 1, 0)), new_matrix


def back(array, order, backwards):
    """The inverse of `stored` for an array [k, j, i]."""
    ijk = array.transpose(2, 1, 0)
    for axis in range(3):
        if backwards[axis]:
            ijk = numpy.flip(ijk, axis)
    return ijk.transpose(numpy.argsort(order)).transpose(2, 1, 0)


def add_volume(scene, array, matrix):
    """A scalar volume with these voxels [k, j, i] and this IJK-to-RAS matrix."""
    image = vtkImageData()
    image.SetDimensions(*array.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(array.ravel(), deep=True))
    elements = vtkMatrix4x4()
    elements.DeepCopy([float(value) for value in numpy.asarray(matrix).ravel()])
    node = slicer.vtkMRMLScalarVolumeNode()
    node.SetName("Stored")
    node.SetAndObserveImageData(image)
    node.SetIJKToRASMatrix(elements)
    scene.AddNode(node)
    return node


class OrientationsTest(unittest.TestCase):
    def test_storing_and_back_is_the_identity(self):
        array = numpy.arange(24).reshape(4, 3, 2)
        for order, flips in itertools.product(
            itertools.permutations(range(3)), itertools.product((False, True), repeat=3)
        ):
            other, matrix = stored(array, numpy.eye(4), order, flips)
            numpy.testing.assert_array_equal(back(other, order, flips), array)
            voxel = numpy.argwhere(other == array[3, 1, 1])[0][::-1]
            numpy.testing.assert_array_equal(matrix @ [*voxel, 1], [1, 1, 3, 1])

    def test_labels_do_not_depend_on_the_storage(self):
        host = Host()
        source = host.load_volume(IMAGE)
        array, matrix = voxels(source.GetImageData()).copy(), numpy.array(ras_from_ijk(source))
        reference = None
        for order, backwards in STORAGES:
            with self.subTest(order=order, backwards=backwards):
                volume = add_volume(host.scene, *stored(array, matrix, order, backwards))
                segmentation = host.raterlens.Segment(volume, str(MODEL), "cpu")
                self.assertIsNotNone(segmentation, host.raterlens.GetLastError())
                found = back(labels(segmentation), order, backwards)
                reference = found if reference is None else reference
                self.assertGreater((found > 0).sum(), 100)
                numpy.testing.assert_array_equal(found, reference)


if __name__ == "__main__":
    run_tests(MODEL / "model.json", IMAGE)
