#include "RaterLensPublish.h"

#include "RaterLensColors.h"
#include "RaterLensNodes.h"
#include "RaterLensSceneChange.h"

#include "raterlens/raterlens.hpp"

#include <vtkMRMLColorTableNode.h>
#include <vtkMRMLScalarVolumeDisplayNode.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLScene.h>
#include <vtkMRMLSegmentationDisplayNode.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMRMLSliceCompositeNode.h>
#include <vtkMRMLSubjectHierarchyNode.h>
#include <vtkMRMLTableNode.h>
#include <vtkNew.h>

#include <stdexcept>

namespace RaterLensModule {
namespace {

constexpr double OverlayOpacity = 0.8;

/// The nodes of one result, not in the scene yet.
struct ResultNodes {
  vtkSmartPointer<vtkMRMLSegmentationNode> Segmentation;
  std::vector<vtkSmartPointer<vtkMRMLScalarVolumeNode>> Variance;
  vtkSmartPointer<vtkMRMLTableNode> Measures;
};

void Describe(vtkMRMLSegmentationNode *node, const Finding &finding) {
  const raterlens::SegmentResult &result = finding.Result;
  node->SetAttribute("RaterLens.Model", result.model_name.c_str());
  node->SetAttribute("RaterLens.ModelChecksum", result.model_checksum.c_str());
  node->SetAttribute("RaterLens.Device", result.device.c_str());
  node->SetAttribute("RaterLens.DeviceReason", result.device_reason.c_str());
  node->SetAttribute("RaterLens.Seed", std::to_string(finding.Seed).c_str());
  node->SetAttribute("RaterLens.Version", raterlens::version().c_str());
}

ResultNodes MakeNodes(vtkMRMLScalarVolumeNode *input, const Finding &finding) {
  const auto &structures = finding.Structures;
  const raterlens::SegmentResult &result = finding.Result;
  if (result.variance.size() != structures.size()) {
    throw std::runtime_error("The model gave " + std::to_string(result.variance.size()) +
                             " variance maps for " + std::to_string(structures.size()) + " structures.");
  }
  ResultNodes nodes;
  nodes.Segmentation = MakeSegmentation(input, structures, result.labels);
  Describe(nodes.Segmentation, finding);
  for (std::size_t index = 0; index < structures.size(); ++index) {
    nodes.Variance.push_back(MakeVarianceVolume(input, structures[index], result.variance[index]));
  }
  nodes.Measures = MakeMeasuresTable(structures, result.measures);
  return nodes;
}

/// Names that say which volume the result belongs to and that no other node has.
void NameNodes(vtkMRMLScalarVolumeNode *input, const ResultNodes &nodes) {
  vtkMRMLScene *scene = input->GetScene();
  const std::string base = input->GetName() ? input->GetName() : "Volume";
  nodes.Segmentation->SetName(scene->GenerateUniqueName(base + " segmentation").c_str());
  nodes.Measures->SetName(scene->GenerateUniqueName(base + " measures").c_str());
  for (const auto &volume : nodes.Variance) {
    volume->SetName(scene->GenerateUniqueName(base + " " + volume->GetName()).c_str());
  }
}

vtkMRMLColorTableNode *VarianceColors(vtkMRMLScene *scene, SceneChange &change) {
  if (vtkMRMLColorTableNode *colors = FindVarianceColors(scene)) {
    return colors;
  }
  const auto colors = MakeVarianceColors();
  change.Add(colors);
  return colors;
}

void AddVariance(vtkMRMLScalarVolumeNode *volume, const char *colorNodeID, SceneChange &change) {
  vtkNew<vtkMRMLScalarVolumeDisplayNode> display;
  SetVarianceDisplay(display);
  display->SetAndObserveColorNodeID(colorNodeID);
  change.Add(display);
  volume->SetAndObserveDisplayNodeID(display->GetID());
  change.Add(volume);
}

void AddSegmentation(vtkMRMLSegmentationNode *segmentation, vtkMRMLScalarVolumeNode *input,
                     SceneChange &change) {
  change.Add(segmentation);
  segmentation->SetReferenceImageGeometryParameterFromVolumeNode(input);
  vtkNew<vtkMRMLSegmentationDisplayNode> display;
  display->SetVisibility2DFill(false);
  display->SetVisibility2DOutline(true);
  change.Add(display);
  segmentation->SetAndObserveDisplayNodeID(display->GetID());
}

/// Puts the result into one folder beside the input.
void Group(vtkMRMLScalarVolumeNode *input, const ResultNodes &nodes) {
  auto *hierarchy = vtkMRMLSubjectHierarchyNode::GetSubjectHierarchyNode(input->GetScene());
  if (!hierarchy) {
    return;
  }
  const vtkIdType inputItem = hierarchy->GetItemByDataNode(input);
  const vtkIdType parent = inputItem == vtkMRMLSubjectHierarchyNode::GetInvalidItemID()
                               ? hierarchy->GetSceneItemID()
                               : hierarchy->GetItemParent(inputItem);
  const std::string name = std::string(input->GetName() ? input->GetName() : "Volume") + " RaterLens";
  const vtkIdType folder = hierarchy->CreateFolderItem(parent, hierarchy->GenerateUniqueItemName(name));
  hierarchy->CreateItem(folder, nodes.Segmentation);
  for (const auto &volume : nodes.Variance) {
    hierarchy->CreateItem(folder, volume);
  }
  hierarchy->CreateItem(folder, nodes.Measures);
}

/// The input as background, every variance map over it, in every slice view of the scene.
void ShowInSliceViews(vtkMRMLScalarVolumeNode *input, const ResultNodes &nodes) {
  std::vector<vtkMRMLNode *> composites;
  input->GetScene()->GetNodesByClass("vtkMRMLSliceCompositeNode", composites);
  for (vtkMRMLNode *node : composites) {
    auto *composite = vtkMRMLSliceCompositeNode::SafeDownCast(node);
    composite->SetBackgroundVolumeID(input->GetID());
    int layer = vtkMRMLSliceCompositeNode::LayerForeground;
    for (const auto &volume : nodes.Variance) {
      composite->SetNthLayerVolumeID(layer, volume->GetID());
      composite->SetNthLayerOpacity(layer, OverlayOpacity);
      layer = layer == vtkMRMLSliceCompositeNode::LayerForeground ? vtkMRMLSliceCompositeNode::Layer_Last
                                                                  : layer + 1;
    }
  }
}

} // namespace

vtkMRMLSegmentationNode *Publish(vtkMRMLScalarVolumeNode *input, const Finding &finding) {
  vtkMRMLScene *scene = input->GetScene();
  const ResultNodes nodes = MakeNodes(input, finding);
  NameNodes(input, nodes);

  SceneChange change(scene);
  const std::string colors = VarianceColors(scene, change)->GetID();
  for (const auto &volume : nodes.Variance) {
    AddVariance(volume, colors.c_str(), change);
    volume->SetAndObserveTransformNodeID(input->GetTransformNodeID());
    nodes.Segmentation->AddNodeReferenceID(VarianceReferenceRole, volume->GetID());
  }
  change.Add(nodes.Measures);
  nodes.Segmentation->AddNodeReferenceID(MeasuresReferenceRole, nodes.Measures->GetID());
  AddSegmentation(nodes.Segmentation, input, change);
  nodes.Segmentation->SetAndObserveTransformNodeID(input->GetTransformNodeID());
  Group(input, nodes);
  change.Complete();
  ShowInSliceViews(input, nodes);
  return nodes.Segmentation;
}

} // namespace RaterLensModule
