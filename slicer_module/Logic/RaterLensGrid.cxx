#include "RaterLensGrid.h"

#include "RaterLensImage.h"

#include <vtkImageData.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLTransformNode.h>
#include <vtkMatrix4x4.h>
#include <vtkNew.h>
#include <vtkSegmentation.h>
#include <vtkSegmentationConverter.h>

#include <algorithm>

namespace RaterLensModule {

std::size_t NodeGrid::Voxels() const {
  std::size_t count = 1;
  for (int axis = 0; axis < 3; ++axis) {
    count *= static_cast<std::size_t>(std::max(0, this->Extent[2 * axis + 1] - this->Extent[2 * axis] + 1));
  }
  return count;
}

vtkSmartPointer<vtkMatrix4x4> NodeGrid::RASFromIJKMatrix() const {
  auto matrix = vtkSmartPointer<vtkMatrix4x4>::New();
  matrix->DeepCopy(this->RASFromIJK.data());
  return matrix;
}

NodeGrid GridOf(vtkMRMLScalarVolumeNode *volume) {
  NodeGrid grid;
  volume->GetImageData()->GetExtent(grid.Extent.data());
  vtkNew<vtkMatrix4x4> rasFromIJK;
  volume->GetIJKToRASMatrix(rasFromIJK);
  grid.RASFromIJK = MatrixOf(rasFromIJK);
  return grid;
}

void SetReferenceGrid(vtkSegmentation *segmentation, NodeGrid grid) {
  segmentation->SetConversionParameter(
      vtkSegmentationConverter::GetReferenceImageGeometryParameterName(),
      vtkSegmentationConverter::SerializeImageGeometry(grid.RASFromIJKMatrix(), grid.Extent.data()));
}

Matrix WorldFromParent(vtkMRMLTransformNode *transform) {
  vtkNew<vtkMatrix4x4> matrix;
  if (transform) {
    transform->GetMatrixTransformToWorld(matrix);
  }
  return MatrixOf(matrix);
}

raterlens::Geometry GeometryOf(const NodeGrid &grid, const Matrix &worldFromParent) {
  Matrix worldFromIJK = Product(worldFromParent, grid.RASFromIJK);
  const auto &extent = grid.Extent;
  const auto origin = Apply(worldFromIJK, {static_cast<double>(extent[0]), static_cast<double>(extent[2]),
                                           static_cast<double>(extent[4])});
  int dims[3];
  for (int axis = 0; axis < 3; ++axis) {
    worldFromIJK[4 * axis + 3] = origin[axis];
    dims[axis] = extent[2 * axis + 1] - extent[2 * axis] + 1;
  }
  vtkNew<vtkMatrix4x4> matrix;
  matrix->DeepCopy(worldFromIJK.data());
  return GeometryFromIJKToRAS(dims, matrix);
}

Matrix MatrixOf(vtkMatrix4x4 *matrix) {
  Matrix elements;
  std::copy_n(matrix->GetData(), 16, elements.begin());
  return elements;
}

Matrix Product(const Matrix &a, const Matrix &b) {
  Matrix product;
  vtkMatrix4x4::Multiply4x4(a.data(), b.data(), product.data());
  return product;
}

Matrix Inverse(const Matrix &matrix) {
  Matrix inverse;
  vtkMatrix4x4::Invert(matrix.data(), inverse.data());
  return inverse;
}

std::array<double, 3> Apply(const Matrix &matrix, const std::array<double, 3> &point) {
  std::array<double, 3> mapped;
  for (int row = 0; row < 3; ++row) {
    const double *m = matrix.data() + 4 * row;
    mapped[row] = m[0] * point[0] + m[1] * point[1] + m[2] * point[2] + m[3];
  }
  return mapped;
}

} // namespace RaterLensModule
