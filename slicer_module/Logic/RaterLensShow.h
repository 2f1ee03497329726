// How result nodes are added to a scene, grouped and shown.
#pragma once

#include "RaterLensSceneChange.h"

#include <vtkSmartPointer.h>

#include <string>
#include <vector>

class vtkMRMLNode;
class vtkMRMLScalarVolumeDisplayNode;
class vtkMRMLScalarVolumeNode;
class vtkMRMLScene;
class vtkMRMLSegmentationNode;

namespace RaterLensModule {

/// Reference roles from the segmentation node to the other result nodes.
constexpr const char *VarianceReferenceRole = "raterLensVariance";
/// Reference from a segmentation to the maps of the model's uncertainty.
constexpr const char *UncertaintyReferenceRole = "raterLensUncertainty";
constexpr const char *MeasuresReferenceRole = "raterLensMeasures";

using Volumes = std::vector<vtkSmartPointer<vtkMRMLScalarVolumeNode>>;

/// ID of the scene's colour table for maps, which is added when it has none.
std::string MapColors(vtkMRMLScene *scene, SceneChange &change);

/// Adds a map with `display`, which gets the colours.
void AddMap(vtkMRMLScalarVolumeNode *volume, vtkMRMLScalarVolumeDisplayNode *display,
            const std::string &colorNodeID, SceneChange &change);

/// Adds a segmentation that is shown as outlines.
void AddSegmentation(vtkMRMLSegmentationNode *segmentation, SceneChange &change);

/// Puts `nodes` into a new folder of the subject hierarchy, beside `neighbour`.
void Group(vtkMRMLNode *neighbour, const std::string &folderName, const std::vector<vtkMRMLNode *> &nodes);

/// Every map over `background` in every slice view of the scene; null leaves the background as it is.
void ShowInSliceViews(vtkMRMLScene *scene, vtkMRMLScalarVolumeNode *background, const Volumes &maps);

} // namespace RaterLensModule
