// From raters' segmentation nodes to the label maps that the RaterLens core reads.
#pragma once

#include "RaterLensGrid.h"

#include "raterlens/raters.hpp"

#include <vtkSmartPointer.h>

#include <set>
#include <string>
#include <vector>

class vtkMRMLScalarVolumeNode;
class vtkMRMLSegmentationNode;

namespace RaterLensModule {

/// One segmentation node per rater.
using RaterNodes = std::vector<vtkSmartPointer<vtkMRMLSegmentationNode>>;

/// Segments of one rater that share a label map, on that map's own grid in the world.
struct RaterLayer {
  raterlens::Geometry Geometry;
  std::vector<std::uint16_t> Labels; ///< 0, or the id of a structure
};

/// One rater's drawing.
struct RaterDrawing {
  std::string Name;
  std::vector<RaterLayer> Layers;
  std::set<std::uint16_t> Drawn; ///< ids of the structures with at least one voxel
};

/// What raters drew: segments of one name, as its first rater shows it.
struct RaterStructure {
  raterlens::Structure Structure; ///< `title` is the segments' name
  double Color[3] = {0.5, 0.5, 0.5};
  std::string Terminology; ///< Slicer's one-line form, or empty
};

/// Where results go: a grid, and the transform that it is under.
struct RatersFrame {
  NodeGrid Grid;
  std::string TransformNodeID; ///< empty for none
  std::string Rule;            ///< how labels got there, for people
};

/// A copy of everything that the raters drew; no node is needed any more.
struct RatersInput {
  std::vector<RaterDrawing> Raters;
  std::vector<RaterStructure> Structures; ///< those that anybody drew, by id
  RatersFrame Frame;
  raterlens::Geometry Geometry; ///< of the frame's grid, in the world
  std::vector<std::string> Warnings;
};

/// Why these nodes cannot be fused or compared, as a sentence for the user; empty when they can.
///
/// Refused: fewer than two, none or one twice, one in no scene or in another than the first, two of one name,
/// one without segments, segments without a name or two of one name in a node, and a parent transform that is
/// not linear (of `reference`, too).
std::string CheckRaters(const RaterNodes &nodes, vtkMRMLScalarVolumeNode *reference);

/// Copies what the raters drew. The nodes must have passed `CheckRaters`, and are not changed.
///
/// Segments are matched by name, without spaces around it; ids are given in order of first appearance,
/// from 1. With `reference` the common grid is that volume's. Without it, all label maps must lie on one
/// lattice of voxel centres: the grid is then that of the first label map, as large as the raters' reference
/// geometries and label maps together. Linear parent transforms count. A segmentation without a binary label
/// map (closed surfaces) is converted in a copy.
///
/// Throws std::runtime_error with a sentence: nothing drawn, different grids, or segments that overlap
/// because they share a label value.
RatersInput ReadRaters(const RaterNodes &nodes, vtkMRMLScalarVolumeNode *reference);

} // namespace RaterLensModule
