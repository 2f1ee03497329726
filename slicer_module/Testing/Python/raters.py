"""Raters for tests and pictures: the sample's structures as ellipses that three people drew a little differently."""

from __future__ import annotations

import numpy
import slicer_core as slicer
from host import ras_from_ijk
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonMath import vtkMatrix4x4

#: Name, centre and half axes in parts of the image along i and j, colour.
MUSCLES = (
    ("Right multifidus", (0.42, 0.66), (0.045, 0.07), (0.90, 0.62, 0.0)),
    ("Left multifidus", (0.58, 0.66), (0.045, 0.07), (0.34, 0.71, 0.91)),
    ("Right erector spinae", (0.32, 0.66), (0.05, 0.08), (0.0, 0.62, 0.45)),
    ("Left erector spinae", (0.68, 0.66), (0.05, 0.08), (0.94, 0.89, 0.26)),
)
#: Of each rater: shift along i and j in parts of the image, and how large the ellipses are.
HANDS = {"Ann": (0.0, 0.0, 1.0), "Ben": (0.008, -0.006, 0.9), "Cem": (-0.006, 0.01, 1.12)}


def drawing(dims, hand, muscles=MUSCLES) -> numpy.ndarray:
    """Labels 1, 2, ... as array [k, j, i] of bytes."""
    i, j = numpy.meshgrid(numpy.arange(dims[0]) / dims[0], numpy.arange(dims[1]) / dims[1])
    labels = numpy.zeros(dims[::-1], numpy.uint8)
    for label, (_, (x, y), (a, b), _) in enumerate(muscles, start=1):
        for k in range(dims[2]):
            grown = hand[2] * (1 - 0.3 * abs(2 * k / max(dims[2] - 1, 1) - 1))
            inside = ((i - x - hand[0]) / (a * grown)) ** 2 + ((j - y - hand[1]) / (b * grown)) ** 2 < 1
            labels[k][inside & (labels[k] == 0)] = label
    return labels


def add_segmentation(scene, name: str, labels: numpy.ndarray, matrix, muscles=MUSCLES):
    """A rater's segmentation node with one shared label map [k, j, i] on this IJK-to-RAS matrix."""
    image = slicer.vtkOrientedImageData()
    image.SetDimensions(*labels.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(numpy.ascontiguousarray(labels).ravel(), deep=True))
    elements = vtkMatrix4x4()
    elements.DeepCopy([float(value) for value in numpy.asarray(matrix).ravel()])
    image.SetImageToWorldMatrix(elements)
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.GetSegmentation().SetSourceRepresentationName("Binary labelmap")
    for label, muscle in enumerate(muscles, start=1):
        segment = slicer.vtkSegment()
        segment.SetName(muscle[0])
        segment.SetColor(*muscle[3])
        segment.SetLabelValue(label)
        segment.AddRepresentation("Binary labelmap", image)
        node.GetSegmentation().AddSegment(segment)
    return node


def add_raters(host, volume, muscles=MUSCLES) -> list:
    """Three raters who drew on `volume`."""
    dims = volume.GetImageData().GetDimensions()
    matrix = ras_from_ijk(volume)
    return [
        add_segmentation(host.scene, name, drawing(dims, hand, muscles), matrix, muscles)
        for name, hand in HANDS.items()
    ]
