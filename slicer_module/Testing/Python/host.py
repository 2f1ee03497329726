"""A Slicer without Qt: scene, the logics that a real Slicer has, loading and saving."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path

import slicer_core as slicer
import vtkSlicerRaterLensModuleLogic as raterlens
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkCollection
from vtkmodules.vtkCommonMath import vtkMatrix4x4


class Host:
    """Scene and logics, wired as in Slicer's application. Keep it alive as long as its nodes are used."""

    def __init__(self) -> None:
        self.scene = slicer.vtkMRMLScene()
        self.application = slicer.vtkSlicerApplicationLogic()
        self.application.SetMRMLScene(self.scene)
        self.application.GetColorLogic().SetMRMLScene(self.scene)
        self.application.GetColorLogic().AddDefaultColorNodes()
        self.application.SetModuleLogic("Colors", self.application.GetColorLogic())
        self.application.SetSliceLogics(vtkCollection())
        self.application.SetViewLogics(vtkCollection())
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        self._cache = tempfile.mkdtemp(prefix="raterlens-cache-")
        weakref.finalize(self, shutil.rmtree, self._cache, ignore_errors=True)
        self.volumes = self._wire(slicer.vtkSlicerVolumesLogic())
        self.segmentations = self._wire(slicer.vtkSlicerSegmentationsModuleLogic())
        self.subjects = self._wire(slicer.vtkSlicerSubjectHierarchyModuleLogic())
        self.raterlens = self._wire(raterlens.vtkSlicerRaterLensLogic())
        self._wire_io()

    def _wire(self, logic):
        logic.SetMRMLApplicationLogic(self.application)
        logic.SetMRMLScene(self.scene)
        return logic

    def _wire_io(self) -> None:
        """Reading of .mrb asks a remote-IO logic for its cache folder, also for local files."""
        self._remote = self._wire(slicer.vtkMRMLRemoteIOLogic())
        self._remote.GetCacheManager().SetRemoteCacheDirectory(self._cache)
        self._io = self._wire(slicer.vtkDataIOManagerLogic())
        self._io.SetAndObserveDataIOManager(self._remote.GetDataIOManager())
        self._remote.AddDataIOToScene()

    def load_volume(self, path: Path):
        """Loads a scalar volume with Slicer's own reader."""
        node = self.volumes.AddArchetypeVolume(str(path), Path(path).name.split(".")[0], 0)
        if node is None:
            raise RuntimeError(f"Slicer could not read {Path(path).name}")
        return node

    def add_slice_views(self) -> None:
        """Adds the three slice views of Slicer's usual layout; results are then shown in them."""
        for name, orientation in (("Red", "Axial"), ("Green", "Coronal"), ("Yellow", "Sagittal")):
            logic = slicer.vtkMRMLSliceLogic()
            logic.SetMRMLApplicationLogic(self.application)
            self.application.GetSliceLogics().AddItem(logic)
            logic.SetMRMLScene(self.scene)
            logic.AddSliceNode(name).SetOrientation(orientation)

    def save(self, path: Path) -> None:
        """Saves the scene as .mrb."""
        if not self.scene.WriteToMRB(str(path)):
            raise RuntimeError("the scene could not be saved")

    def open(self, path: Path) -> None:
        """Opens a .mrb in this scene."""
        if not self.scene.ReadFromMRB(str(path), True):
            raise RuntimeError("the scene could not be read")

    def node_ids(self) -> list[str]:
        """The IDs of all nodes, in order."""
        return [self.scene.GetNthNode(index).GetID() for index in range(self.scene.GetNumberOfNodes())]

    def nodes(self, class_name: str) -> list:
        """All nodes of a class, in order."""
        found = self.scene.GetNodesByClass(class_name)
        found.UnRegister(None)
        return [found.GetItemAsObject(index) for index in range(found.GetNumberOfItems())]

    def node(self, class_name: str):
        """The only node of a class."""
        (node,) = self.nodes(class_name)
        return node


def voxels(image):
    """Voxels of a vtkImageData as an array in order [k, j, i], shared with it."""
    dims = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(dims[::-1])


def ras_from_ijk(volume):
    """IJK to RAS of a volume as a 4x4 list."""
    matrix = vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return [[matrix.GetElement(row, column) for column in range(4)] for row in range(4)]


def labels(segmentation):
    """The shared labelmap of a segmentation made by RaterLens, as an array in order [k, j, i]."""
    segments = segmentation.GetSegmentation()
    identifiers = [segments.GetNthSegmentID(index) for index in range(segments.GetNumberOfSegments())]
    images = {segmentation.GetBinaryLabelmapInternalRepresentation(identifier) for identifier in identifiers}
    if len(images) != 1:
        raise AssertionError(f"expected one shared labelmap, found {len(images)}")
    return voxels(images.pop())
