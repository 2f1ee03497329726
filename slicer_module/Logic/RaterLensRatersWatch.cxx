#include "RaterLensRatersWatch.h"

#include <vtkDataObject.h>
#include <vtkImageData.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMRMLTransformNode.h>
#include <vtkSegment.h>
#include <vtkSegmentation.h>

namespace RaterLensModule {

RatersWatch::State RatersWatch::StateOf(vtkMRMLSegmentationNode *node) {
  State state;
  state.WorldFromNode = WorldFromParent(node->GetParentTransformNode());
  vtkSegmentation *segmentation = node->GetSegmentation();
  const std::string source = segmentation->GetSourceRepresentationName();
  for (int index = 0; index < segmentation->GetNumberOfSegments(); ++index) {
    vtkSegment *segment = segmentation->GetNthSegment(index);
    vtkDataObject *drawn = segment->GetRepresentation(source);
    state.Segments += segment->GetName() ? segment->GetName() : "";
    state.Segments += "\n" + std::to_string(drawn ? drawn->GetMTime() : 0) + "\n";
  }
  return state;
}

RatersWatch::RatersWatch(const RaterNodes &nodes, vtkMRMLScalarVolumeNode *reference)
    : ReferenceVolume(reference), HasReference(reference != nullptr) {
  for (vtkMRMLSegmentationNode *node : nodes) {
    this->Raters.push_back({node, node->GetName() ? node->GetName() : "", StateOf(node)});
  }
  if (reference) {
    this->ReferenceGrid = GridOf(reference);
    this->WorldFromReference = WorldFromParent(reference->GetParentTransformNode());
  }
}

std::string RatersWatch::Changed() const {
  for (const Rater &rater : this->Raters) {
    if (!rater.Node || !rater.Node->GetScene()) {
      return "The segmentation '" + rater.Name + "' left the scene during the computation.";
    }
    const State now = StateOf(rater.Node);
    if (now.WorldFromNode != rater.Before.WorldFromNode || now.Segments != rater.Before.Segments) {
      return "The segmentation '" + rater.Name + "' changed during the computation; start it again.";
    }
  }
  if (!this->HasReference) {
    return {};
  }
  vtkMRMLScalarVolumeNode *reference = this->ReferenceVolume;
  if (!reference || !reference->GetScene() || !reference->GetImageData()) {
    return "The reference volume left the scene during the computation.";
  }
  const NodeGrid grid = GridOf(reference);
  if (grid.Extent != this->ReferenceGrid.Extent || grid.RASFromIJK != this->ReferenceGrid.RASFromIJK ||
      WorldFromParent(reference->GetParentTransformNode()) != this->WorldFromReference) {
    return "The grid or the transform of the reference volume changed during the computation; start it "
           "again.";
  }
  return {};
}

RaterNodes RatersWatch::Nodes() const {
  RaterNodes nodes;
  for (const Rater &rater : this->Raters) {
    nodes.emplace_back(rater.Node.GetPointer());
  }
  return nodes;
}

} // namespace RaterLensModule
