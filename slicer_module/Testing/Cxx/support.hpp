// What the tests of the Slicer module share.
#pragma once

#include "RaterLensPublish.h"

#include <vtkMRMLScene.h>
#include <vtkNew.h>
#include <vtkSmartPointer.h>

#include <string>
#include <vector>

class vtkMRMLScalarVolumeNode;
class vtkMatrix4x4;

/// Errors and warnings that VTK and Slicer have printed since the program started.
int vtk_complaints();
/// Begins to count them.
void count_vtk_complaints();

/// A scene for one test, which fails when VTK or Slicer complains meanwhile.
struct SceneTest {
  SceneTest();
  ~SceneTest();

  /// Adds a volume of `short` voxels 0, 1, 2, ... on a grid of 2 x 3 x 4 voxels of 2 x 3 x 4 mm.
  vtkMRMLScalarVolumeNode *add_small_volume();
  /// IDs of all nodes, in order.
  std::vector<std::string> node_ids() const;
  /// Adds the image file `path` of the test data as a volume.
  vtkMRMLScalarVolumeNode *load_volume(const std::string &path);

  vtkNew<vtkMRMLScene> scene;

private:
  int complaints_before_;
};

/// IJK to RAS of the small volume: i runs to posterior, j to superior, k to the left; origin (10, 20, 30) mm.
vtkSmartPointer<vtkMatrix4x4> small_ras_from_ijk();

/// A result for the small volume with two structures, 7 (red, "Seven") and 300 (green, "Three hundred").
RaterLensModule::Finding small_finding();

/// The model package and the image of the tests; empty when not given.
std::string test_model();
std::string test_image();
