"""The strip under a picture: structures with their colours, and what the colours of the maps mean."""

from __future__ import annotations

import numpy
import slice_picture  # noqa: F401 - chooses the off-screen window before VTK makes one
from vtkmodules.vtkRenderingAnnotation import vtkScalarBarActor
from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow, vtkTextActor, vtkWindowToImageFilter


def make_legend(width: int, structures, variance_display, height: int = 84) -> numpy.ndarray:
    """A strip [height, width, 3]: `structures` as (title, (r, g, b) in [0, 1]), then the bar of the maps."""
    renderer = vtkRenderer()
    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(width, height)
    window.AddRenderer(renderer)
    left = 0.02
    for index, (title, color) in enumerate(structures):
        column, row = divmod(index, 2)
        _add_text(renderer, title, left + 0.24 * column, 0.58 - 0.36 * row, color)
    _add_text(renderer, "inter-rater variance", 0.56, 0.58, (0.95, 0.95, 0.95))
    renderer.AddViewProp(_bar(variance_display))
    window.Render()
    grab = vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    grab.Update()
    picture = slice_picture.as_array(grab.GetOutput())
    window.Finalize()
    return picture


def _bar(display) -> vtkScalarBarActor:
    table = display.GetColorNode().GetLookupTable().NewInstance()
    table.DeepCopy(display.GetColorNode().GetLookupTable())
    table.SetTableRange(display.GetWindowLevelMin(), display.GetWindowLevelMax())
    bar = vtkScalarBarActor()
    bar.SetLookupTable(table)
    bar.SetOrientationToHorizontal()
    bar.UseOpacityOn()
    bar.SetNumberOfLabels(3)
    bar.SetLabelFormat("%.2f")
    bar.UnconstrainedFontSizeOn()
    bar.GetLabelTextProperty().SetFontSize(15)
    bar.GetLabelTextProperty().SetColor(0.95, 0.95, 0.95)
    bar.GetLabelTextProperty().ItalicOff()
    bar.GetLabelTextProperty().BoldOff()
    bar.GetLabelTextProperty().ShadowOff()
    bar.GetPositionCoordinate().SetValue(0.76, 0.05)
    bar.GetPosition2Coordinate().SetValue(0.22, 0.85)
    return bar


def _add_text(renderer, text: str, x: float, y: float, color) -> None:
    actor = vtkTextActor()
    actor.SetInput(text)
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    actor.SetPosition(x, y)
    actor.GetTextProperty().SetFontSize(17)
    actor.GetTextProperty().SetColor(*color)
    renderer.AddViewProp(actor)
