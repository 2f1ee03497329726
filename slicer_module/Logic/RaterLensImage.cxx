#include "RaterLensImage.h"

#include "RaterLensGrid.h"

#include <vtkImageData.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLTransformNode.h>
#include <vtkMatrix4x4.h>
#include <vtkPointData.h>

#include <cmath>

namespace RaterLensModule {
namespace {

/// LPS and RAS differ in the sign of the first two axes; the one place where we cross.
double LPSFromRAS(int axis, double valueRAS) { return axis < 2 ? -valueRAS : valueRAS; }

template <typename Scalar> void CopyAsFloat(const Scalar *source, std::vector<float> &target) {
  for (std::size_t index = 0; index < target.size(); ++index) {
    target[index] = static_cast<float>(source[index]);
  }
}

} // namespace

std::string CheckInput(vtkMRMLScalarVolumeNode *node) {
  if (!node) {
    return "No input volume was given; choose a scalar volume.";
  }
  if (!node->GetScene()) {
    return "The input volume is not in a scene; add it to the scene first.";
  }
  vtkImageData *image = node->GetImageData();
  if (!image || image->GetNumberOfPoints() == 0 || !image->GetPointData()->GetScalars()) {
    return "The input volume has no voxels; load an image into it or choose another volume.";
  }
  if (image->GetNumberOfScalarComponents() != 1) {
    return "The input volume has " + std::to_string(image->GetNumberOfScalarComponents()) +
           " components per voxel; choose a volume with one (a grey-scale image).";
  }
  if (node->IsA("vtkMRMLLabelMapVolumeNode")) {
    return "The input volume is a label map; choose the image that it belongs to.";
  }
  vtkMRMLTransformNode *parent = node->GetParentTransformNode();
  if (parent && !parent->IsTransformToWorldLinear()) {
    return "The input volume is under a transform that is not linear; harden the transform or take the "
           "volume "
           "out of it.";
  }
  return {};
}

raterlens::Geometry GeometryFromIJKToRAS(const int dims[3], vtkMatrix4x4 *rasFromIJK) {
  raterlens::Geometry geometry;
  for (int column = 0; column < 3; ++column) {
    geometry.dims[column] = static_cast<std::size_t>(dims[column]);
    const double length = std::hypot(rasFromIJK->GetElement(0, column), rasFromIJK->GetElement(1, column),
                                     rasFromIJK->GetElement(2, column));
    geometry.spacing_mm[column] = length;
    for (int row = 0; row < 3; ++row) {
      geometry.direction_lps[3 * row + column] =
          LPSFromRAS(row, rasFromIJK->GetElement(row, column)) / length;
    }
    geometry.origin_lps[column] = LPSFromRAS(column, rasFromIJK->GetElement(column, 3));
  }
  return geometry;
}

raterlens::Geometry ReadGeometry(vtkMRMLScalarVolumeNode *node) {
  return GeometryOf(GridOf(node), WorldFromParent(node->GetParentTransformNode()));
}

InputImage ReadImage(vtkMRMLScalarVolumeNode *node) {
  vtkImageData *image = node->GetImageData();
  InputImage input;
  input.Geometry = ReadGeometry(node);
  input.Voxels.resize(static_cast<std::size_t>(image->GetNumberOfPoints()));
  switch (image->GetScalarType()) {
    vtkTemplateMacro(CopyAsFloat(static_cast<const VTK_TT *>(image->GetScalarPointer()), input.Voxels));
  }
  return input;
}

} // namespace RaterLensModule
