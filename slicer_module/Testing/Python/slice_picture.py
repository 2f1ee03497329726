"""Off-screen pictures of Slicer's slice views (EGL or software, no display needed)."""

from __future__ import annotations

import os
import sys

if sys.platform == "linux" and not os.environ.get("DISPLAY"):
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

import numpy
import slicer_core as slicer
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkIOImage import vtkPNGWriter
from vtkmodules.vtkRenderingCore import (
    vtkActor2D,
    vtkImageMapper,
    vtkRenderer,
    vtkRenderWindow,
    vtkRenderWindowInteractor,
    vtkTextActor,
    vtkWindowToImageFilter,
)


class SliceView:
    """One axial slice view of a host's scene, as Slicer draws it: image layers below, segment outlines above."""

    def __init__(self, host, name: str, size: tuple[int, int] = (480, 480)) -> None:
        self.host = host
        self._make_window(size)
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(host.application)
        host.application.GetSliceLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(host.scene)
        self.node = self.logic.AddSliceNode(name)
        self.node.SetOrientation("Axial")
        self.node.SetDimensions(size[0], size[1], 1)
        self._group = self._make_managers()
        self._annotations = []

    def _make_window(self, size) -> None:
        """The image in a layer of its own below the managers' layer, which would hide what is under it."""
        self._image_renderer = vtkRenderer()
        self._overlay_renderer = vtkRenderer()
        self._overlay_renderer.SetLayer(1)
        self._overlay_renderer.PreserveColorBufferOn()
        self._overlay_renderer.GetActiveCamera().ParallelProjectionOn()
        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(8)
        self._window.SetNumberOfLayers(2)
        self._window.SetSize(*size)
        self._window.AddRenderer(self._image_renderer)
        self._window.AddRenderer(self._overlay_renderer)
        self._interactor = vtkRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._mapper = vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        actor = vtkActor2D()
        actor.SetMapper(self._mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        self._image_renderer.AddViewProp(actor)

    def _make_managers(self):
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(self.host.application)
        manager = "vtkMRMLSegmentationsDisplayableManager2D"
        if not factory.IsDisplayableManagerRegistered(manager):
            factory.RegisterDisplayableManager(manager)
        group = slicer.vtkMRMLDisplayableManagerGroup()
        group.Initialize(factory, self._overlay_renderer)
        group.SetMRMLDisplayableNode(self.node)
        return group

    @property
    def composite(self):
        """The node that says which volumes this view shows."""
        return self.logic.GetSliceCompositeNode(self.node)

    def look_at(self, center_ras, width_mm: float) -> None:
        """Moves the view to the slice through a point, with the point in its middle and this width in sight."""
        width, height = self._window.GetSize()
        self.node.SetFieldOfView(width_mm, width_mm * height / width, 1.0)
        self.node.JumpSliceByCentering(*center_ras)
        self.node.UpdateMatrices()

    def picture(self) -> numpy.ndarray:
        """Red, green, blue of the view; array [row from top, column, 3] of bytes."""
        self.logic.UpdatePipeline()
        self._mapper.SetInputConnection(self.logic.GetImageDataConnection())
        self._window.Render()
        grab = vtkWindowToImageFilter()
        grab.SetInput(self._window)
        grab.ReadFrontBufferOff()
        grab.Update()
        return as_array(grab.GetOutput())

    def pixel_of(self, point_ras) -> tuple[int, int]:
        """Row (from the top) and column of the pixel that shows a point of the slice."""
        xy_from_ras = vtkMatrix4x4()
        vtkMatrix4x4.Invert(self.node.GetXYToRAS(), xy_from_ras)
        x, y = xy_from_ras.MultiplyPoint((*point_ras, 1.0))[:2]
        return self._window.GetSize()[1] - 1 - round(y), round(x)

    def annotate(self, text: str, x: float, y: float) -> None:
        """Writes a text at a place given as fractions of the view's width and height (from the bottom)."""
        actor = vtkTextActor()
        actor.SetInput(text)
        actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
        actor.SetPosition(x, y)
        actor.GetTextProperty().SetFontSize(16)
        actor.GetTextProperty().SetColor(0.95, 0.95, 0.95)
        actor.GetTextProperty().ShadowOn()
        self._overlay_renderer.AddViewProp(actor)
        self._annotations.append(actor)

    def clear_annotations(self) -> None:
        """Removes all texts."""
        for actor in self._annotations:
            self._overlay_renderer.RemoveViewProp(actor)
        self._annotations.clear()

    def close(self) -> None:
        """Frees the window's graphics resources."""
        self._group.SetMRMLDisplayableNode(None)
        self._window.Finalize()


def write_png(path, picture: numpy.ndarray) -> None:
    """Writes an array [row from top, column, 3] of bytes."""
    height, width, _ = picture.shape
    flipped = numpy.ascontiguousarray(picture[::-1]).reshape(-1, 3)
    image = vtkImageData()
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(flipped, deep=True))
    writer = vtkPNGWriter()
    writer.SetFileName(str(path))
    writer.SetInputData(image)
    writer.Write()


def as_array(image) -> numpy.ndarray:
    """A vtkImageData of colours as array [row from top, column, 3]."""
    width, height, _ = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, 3)[::-1].copy()
