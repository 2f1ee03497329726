// Whether raters' drawings are still those that a computation read.
#pragma once

#include "RaterLensRaters.h"

#include <vtkWeakPointer.h>

namespace RaterLensModule {

/// Remembers the state of the raters' nodes and of the reference volume.
class RatersWatch {
public:
  RatersWatch(const RaterNodes &nodes, vtkMRMLScalarVolumeNode *reference);

  /// Why results no longer fit the scene, as a sentence for the user; empty when they do: a node left or was
  /// moved, or a segment was drawn in, renamed, added or removed.
  std::string Changed() const;

  /// The nodes; null for those that are gone.
  RaterNodes Nodes() const;
  vtkMRMLScalarVolumeNode *Reference() const { return this->ReferenceVolume; }

private:
  struct State;
  static State StateOf(vtkMRMLSegmentationNode *node);

  struct State {
    Matrix WorldFromNode;
    std::string Segments; ///< names, and when each was last drawn in
  };
  struct Rater {
    vtkWeakPointer<vtkMRMLSegmentationNode> Node;
    std::string Name;
    State Before;
  };
  std::vector<Rater> Raters;
  vtkWeakPointer<vtkMRMLScalarVolumeNode> ReferenceVolume;
  bool HasReference;
  NodeGrid ReferenceGrid;
  Matrix WorldFromReference;
};

} // namespace RaterLensModule
