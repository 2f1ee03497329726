// From a MRML volume to the image that the RaterLens core reads.
#pragma once

#include "raterlens/image.hpp"

#include <string>
#include <vector>

class vtkMatrix4x4;
class vtkMRMLScalarVolumeNode;

namespace RaterLensModule {

/// A copy of a volume's voxels as float32 (i fastest) with their place in the patient.
struct InputImage {
  std::vector<float> Voxels;
  raterlens::Geometry Geometry;

  /// The same, borrowed; valid as long as this object lives and is not changed.
  raterlens::ImageView View() const { return {this->Voxels.data(), this->Geometry}; }
};

/// Why `node` cannot be segmented, as a sentence for the user; empty when it can.
///
/// Refused: no node or not in a scene, no voxels, more than one component, a label map, and a parent
/// transform that is not linear (a grid that bends has no single spacing; harden it or take the volume out of
/// it first).
std::string CheckInput(vtkMRMLScalarVolumeNode *node);

/// Copies voxels and geometry. `node` must have passed `CheckInput`.
///
/// A linear parent transform counts: left and right are those of the patient in world space, as the views
/// show it.
InputImage ReadImage(vtkMRMLScalarVolumeNode *node);

/// The geometry that `ReadImage` would give. `node` must have passed `CheckInput`.
raterlens::Geometry ReadGeometry(vtkMRMLScalarVolumeNode *node);

/// The geometry of a grid of `dims` voxels with the given IJK-to-RAS matrix (millimetres), in LPS.
raterlens::Geometry GeometryFromIJKToRAS(const int dims[3], vtkMatrix4x4 *rasFromIJK);

} // namespace RaterLensModule
