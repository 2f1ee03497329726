#include "RaterLensShow.h"

#include "RaterLensColors.h"

#include <vtkMRMLColorTableNode.h>
#include <vtkMRMLScalarVolumeDisplayNode.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLScene.h>
#include <vtkMRMLSegmentationDisplayNode.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMRMLSliceCompositeNode.h>
#include <vtkMRMLSubjectHierarchyNode.h>
#include <vtkNew.h>

namespace RaterLensModule {
namespace {

constexpr double OverlayOpacity = 0.8;

} // namespace

std::string MapColors(vtkMRMLScene *scene, SceneChange &change) {
  if (vtkMRMLColorTableNode *colors = FindVarianceColors(scene)) {
    return colors->GetID();
  }
  const auto colors = MakeVarianceColors();
  change.Add(colors);
  return colors->GetID();
}

void AddMap(vtkMRMLScalarVolumeNode *volume, vtkMRMLScalarVolumeDisplayNode *display,
            const std::string &colorNodeID, SceneChange &change) {
  display->SetAndObserveColorNodeID(colorNodeID.c_str());
  change.Add(display);
  volume->SetAndObserveDisplayNodeID(display->GetID());
  change.Add(volume);
}

void AddSegmentation(vtkMRMLSegmentationNode *segmentation, SceneChange &change) {
  change.Add(segmentation);
  vtkNew<vtkMRMLSegmentationDisplayNode> display;
  display->SetVisibility2DFill(false);
  display->SetVisibility2DOutline(true);
  change.Add(display);
  segmentation->SetAndObserveDisplayNodeID(display->GetID());
}

void Group(vtkMRMLNode *neighbour, const std::string &folderName, const std::vector<vtkMRMLNode *> &nodes) {
  auto *hierarchy = vtkMRMLSubjectHierarchyNode::GetSubjectHierarchyNode(neighbour->GetScene());
  if (!hierarchy) {
    return;
  }
  const vtkIdType item = hierarchy->GetItemByDataNode(neighbour);
  const vtkIdType parent = item == vtkMRMLSubjectHierarchyNode::GetInvalidItemID()
                               ? hierarchy->GetSceneItemID()
                               : hierarchy->GetItemParent(item);
  const vtkIdType folder = hierarchy->CreateFolderItem(parent, hierarchy->GenerateUniqueItemName(folderName));
  for (vtkMRMLNode *node : nodes) {
    hierarchy->CreateItem(folder, node);
  }
}

void ShowInSliceViews(vtkMRMLScene *scene, vtkMRMLScalarVolumeNode *background, const Volumes &maps) {
  std::vector<vtkMRMLNode *> composites;
  scene->GetNodesByClass("vtkMRMLSliceCompositeNode", composites);
  for (vtkMRMLNode *node : composites) {
    auto *composite = vtkMRMLSliceCompositeNode::SafeDownCast(node);
    if (background) {
      composite->SetBackgroundVolumeID(background->GetID());
    }
    int layer = vtkMRMLSliceCompositeNode::LayerForeground;
    for (const auto &volume : maps) {
      composite->SetNthLayerVolumeID(layer, volume->GetID());
      composite->SetNthLayerOpacity(layer, OverlayOpacity);
      layer = layer == vtkMRMLSliceCompositeNode::LayerForeground ? vtkMRMLSliceCompositeNode::Layer_Last
                                                                  : layer + 1;
    }
  }
}

} // namespace RaterLensModule
