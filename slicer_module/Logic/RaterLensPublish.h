// Puts a result into a scene, whole or not at all.
#pragma once

#include "raterlens/result.hpp"

#include <cstdint>
#include <vector>

class vtkMRMLScalarVolumeNode;
class vtkMRMLScene;
class vtkMRMLSegmentationNode;

namespace RaterLensModule {

/// What a run gave: the model's structures, its result for one image, and the seed.
struct Finding {
  std::vector<raterlens::Structure> Structures;
  raterlens::SegmentResult Result;
  std::uint64_t Seed = 0;
};

/// Adds `finding` for `input` to the scene of `input` and shows it in the slice views.
///
/// Adds one segmentation, one variance volume per structure, one volume per map of uncertainty, a table,
/// their display nodes, a colour table unless the scene has it, and a folder of the subject hierarchy that
/// holds them. Result nodes are under the same parent transform as `input`. Returns the segmentation node.
/// Throws std::exception; then the scene has the nodes it had.
vtkMRMLSegmentationNode *Publish(vtkMRMLScalarVolumeNode *input, const Finding &finding);

} // namespace RaterLensModule
