// Where voxels are: a grid within the frame of a transform node.
#pragma once

#include "raterlens/image.hpp"

#include <vtkSmartPointer.h>

#include <array>

class vtkMatrix4x4;
class vtkMRMLScalarVolumeNode;
class vtkMRMLTransformNode;
class vtkSegmentation;

namespace RaterLensModule {

/// Row-major 4x4.
using Matrix = std::array<double, 16>;

/// A grid of voxels: the extent along i, j, k (first and last index) and the IJK-to-RAS matrix, both in the
/// frame of the node's parent transform.
struct NodeGrid {
  std::array<int, 6> Extent{};
  Matrix RASFromIJK{};

  std::size_t Voxels() const;
  vtkSmartPointer<vtkMatrix4x4> RASFromIJKMatrix() const;
};

/// The grid of a volume that has voxels.
NodeGrid GridOf(vtkMRMLScalarVolumeNode *volume);

/// Says that `segmentation` was made on this grid.
void SetReferenceGrid(vtkSegmentation *segmentation, NodeGrid grid);

/// World RAS from the frame of `transform`, the identity for null. The transform must be linear.
Matrix WorldFromParent(vtkMRMLTransformNode *transform);

/// The same place for the core: dimensions, and the centre of the first voxel of the extent, in LPS.
raterlens::Geometry GeometryOf(const NodeGrid &grid, const Matrix &worldFromParent);

Matrix MatrixOf(vtkMatrix4x4 *matrix);
Matrix Product(const Matrix &a, const Matrix &b);
Matrix Inverse(const Matrix &matrix);
/// The point that the affine `matrix` maps `point` to.
std::array<double, 3> Apply(const Matrix &matrix, const std::array<double, 3> &point);

} // namespace RaterLensModule
