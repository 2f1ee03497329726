#include "RaterLensPublish.h"

#include "RaterLensColors.h"
#include "RaterLensNodes.h"
#include "RaterLensSceneChange.h"
#include "RaterLensShow.h"

#include "raterlens/raterlens.hpp"

#include <vtkMRMLScalarVolumeDisplayNode.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLScene.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMRMLTableNode.h>
#include <vtkNew.h>

#include <stdexcept>

namespace RaterLensModule {
namespace {

/// The nodes of one result, not in the scene yet.
struct ResultNodes {
  vtkSmartPointer<vtkMRMLSegmentationNode> Segmentation;
  Volumes Variance;
  Volumes Uncertainty;
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
  // A model of one task predicts labels only.
  if (!result.variance.empty() && result.variance.size() != structures.size()) {
    throw std::runtime_error("The model gave " + std::to_string(result.variance.size()) +
                             " variance maps for " + std::to_string(structures.size()) + " structures.");
  }
  const NodeGrid grid = GridOf(input);
  ResultNodes nodes;
  nodes.Segmentation = MakeSegmentation(grid, structures, result.labels);
  Describe(nodes.Segmentation, finding);
  for (std::size_t index = 0; index < result.variance.size(); ++index) {
    nodes.Variance.push_back(MakeVarianceVolume(grid, structures[index], result.variance[index]));
  }
  for (const raterlens::UncertaintyMap &map : result.uncertainty) {
    nodes.Uncertainty.push_back(MakeUncertaintyVolume(grid, map));
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
  for (const Volumes *volumes : {&nodes.Variance, &nodes.Uncertainty}) {
    for (const auto &volume : *volumes) {
      volume->SetName(scene->GenerateUniqueName(base + " " + volume->GetName()).c_str());
    }
  }
}

/// What goes into the folder of the result.
std::vector<vtkMRMLNode *> Members(const ResultNodes &nodes) {
  std::vector<vtkMRMLNode *> members{nodes.Segmentation};
  members.insert(members.end(), nodes.Variance.begin(), nodes.Variance.end());
  members.insert(members.end(), nodes.Uncertainty.begin(), nodes.Uncertainty.end());
  members.push_back(nodes.Measures);
  return members;
}

} // namespace

vtkMRMLSegmentationNode *Publish(vtkMRMLScalarVolumeNode *input, const Finding &finding) {
  vtkMRMLScene *scene = input->GetScene();
  const ResultNodes nodes = MakeNodes(input, finding);
  NameNodes(input, nodes);

  SceneChange change(scene);
  const std::string colors = MapColors(scene, change);
  for (const auto &volume : nodes.Variance) {
    vtkNew<vtkMRMLScalarVolumeDisplayNode> display;
    SetVarianceDisplay(display);
    AddMap(volume, display, colors, change);
    volume->SetAndObserveTransformNodeID(input->GetTransformNodeID());
    nodes.Segmentation->AddNodeReferenceID(VarianceReferenceRole, volume->GetID());
  }
  for (std::size_t index = 0; index < nodes.Uncertainty.size(); ++index) {
    const auto &volume = nodes.Uncertainty[index];
    vtkNew<vtkMRMLScalarVolumeDisplayNode> display;
    SetUncertaintyDisplay(display, finding.Result.uncertainty[index].window_max);
    AddMap(volume, display, colors, change);
    volume->SetAndObserveTransformNodeID(input->GetTransformNodeID());
    nodes.Segmentation->AddNodeReferenceID(UncertaintyReferenceRole, volume->GetID());
  }
  change.Add(nodes.Measures);
  nodes.Segmentation->AddNodeReferenceID(MeasuresReferenceRole, nodes.Measures->GetID());
  AddSegmentation(nodes.Segmentation, change);
  nodes.Segmentation->SetReferenceImageGeometryParameterFromVolumeNode(input);
  nodes.Segmentation->SetAndObserveTransformNodeID(input->GetTransformNodeID());
  Group(input, std::string(input->GetName() ? input->GetName() : "Volume") + " RaterLens", Members(nodes));
  change.Complete();
  ShowInSliceViews(scene, input, nodes.Variance);
  return nodes.Segmentation;
}

} // namespace RaterLensModule
