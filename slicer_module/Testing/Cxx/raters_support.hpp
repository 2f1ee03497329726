// What the tests of raters share: segmentations of a few voxels, and all that can be told of a node.
#pragma once

#include "support.hpp"

#include "vtkSlicerRaterLensLogic.h"

#include <vtkMRMLSegmentationNode.h>

#include <array>
#include <string>
#include <vector>

/// Voxels along i of the rows that tests draw.
constexpr int RowLength = 4;

/// One segment: a name and its voxels along i.
struct Drawn {
  std::string name;
  std::vector<int> voxels;
};

/// A scene with a logic, and raters who draw in rows of four voxels of 0.5 x 1 x 4 mm.
struct RatersTest : SceneTest {
  RatersTest() { logic->SetMRMLScene(scene); }

  /// A rater's segmentation; segments share a label map unless `separate`. The label map begins at voxel
  /// `first` of the row and is only as long as needed, as Slicer stores it.
  vtkMRMLSegmentationNode *add_rater(const std::string &name, const std::vector<Drawn> &segments,
                                     bool separate = false, int first = 0);
  /// A reference volume of `count` voxels of `spacing` mm along i.
  vtkMRMLScalarVolumeNode *add_reference(int count, double spacing);
  /// The labels of a consensus, i fastest.
  static std::vector<int> labels_of(vtkMRMLSegmentationNode *consensus);
  static std::vector<float> voxels_of(vtkMRMLScalarVolumeNode *volume);
  /// The segment ids, for use with `labels_of`.
  static std::vector<std::string> segment_names(vtkMRMLSegmentationNode *consensus);

  vtkNew<vtkSlicerRaterLensLogic> logic;
};

/// XML, voxels and times of change of a node, its segments and its display: equal when nothing was changed.
std::string everything_about(vtkMRMLSegmentationNode *node);

/// RAS from index of the rows: 0.5 x 1 x 4 mm, turned by a quarter.
vtkSmartPointer<vtkMatrix4x4> row_ras_from_ijk(double spacing = 0.5);
