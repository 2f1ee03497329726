#include "RaterLensLattice.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace RaterLensModule {
namespace {

/// The core's tolerance for equal grids.
constexpr double ToleranceMm = 1e-3;

using Point = std::array<double, 3>;

double Distance(const Point &a, const Point &b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

/// Corner `number` (0 to 7) of an extent.
Point Corner(const std::array<int, 6> &extent, int number) {
  Point corner;
  for (int axis = 0; axis < 3; ++axis) {
    corner[axis] = extent[2 * axis + ((number >> axis) & 1)];
  }
  return corner;
}

/// Whether the axes of index space are only exchanged and reversed.
bool IsAxisOrder(const Matrix &rounded) {
  for (int row = 0; row < 3; ++row) {
    double inRow = 0, inColumn = 0;
    for (int column = 0; column < 3; ++column) {
      inRow += std::fabs(rounded[4 * row + column]);
      inColumn += std::fabs(rounded[4 * column + row]);
    }
    if (inRow != 1.0 || inColumn != 1.0) {
      return false;
    }
  }
  return true;
}

Point Spacing(const Matrix &matrix) {
  Point spacing;
  for (int axis = 0; axis < 3; ++axis) {
    spacing[axis] = std::hypot(matrix[axis], matrix[4 + axis], matrix[8 + axis]);
  }
  return spacing;
}

/// Largest angle between the axes of two lattices, in degrees.
double Angle(const Matrix &a, const Matrix &b) {
  const Point lengthA = Spacing(a), lengthB = Spacing(b);
  double largest = 0.0;
  for (int axis = 0; axis < 3; ++axis) {
    double cosine = 0.0;
    for (int row = 0; row < 3; ++row) {
      cosine += a[4 * row + axis] / lengthA[axis] * b[4 * row + axis] / lengthB[axis];
    }
    largest = std::max(largest, std::acos(std::clamp(cosine, -1.0, 1.0)));
  }
  return largest * 45.0 / std::atan(1.0);
}

std::string Text(const Point &spacing) {
  std::ostringstream text;
  text.precision(4);
  text << spacing[0] << " x " << spacing[1] << " x " << spacing[2] << " mm";
  return text.str();
}

} // namespace

std::optional<std::array<int, 6>> ExtentOnLattice(const NodeGrid &grid, const Matrix &lattice) {
  const Matrix exact = Product(Inverse(lattice), grid.RASFromIJK);
  Matrix rounded = exact;
  for (double &element : rounded) {
    element = std::round(element);
  }
  if (!IsAxisOrder(rounded)) {
    return {};
  }
  std::array<int, 6> extent{};
  for (int number = 0; number < 8; ++number) {
    const Point corner = Corner(grid.Extent, number);
    const Point index = Apply(rounded, corner);
    if (Distance(Apply(lattice, index), Apply(grid.RASFromIJK, corner)) > ToleranceMm) {
      return {};
    }
    for (int axis = 0; axis < 3; ++axis) {
      const int position = static_cast<int>(index[axis]);
      int &first = extent[2 * axis], &last = extent[2 * axis + 1];
      first = number == 0 ? position : std::min(first, position);
      last = number == 0 ? position : std::max(last, position);
    }
  }
  return extent;
}

void Enlarge(std::array<int, 6> &extent, const std::array<int, 6> &other) {
  for (int axis = 0; axis < 3; ++axis) {
    extent[2 * axis] = std::min(extent[2 * axis], other[2 * axis]);
    extent[2 * axis + 1] = std::max(extent[2 * axis + 1], other[2 * axis + 1]);
  }
}

std::string LatticeDifference(const NodeGrid &grid, const Matrix &lattice) {
  const Point found = Spacing(grid.RASFromIJK), expected = Spacing(lattice);
  if (Distance(found, expected) > ToleranceMm) {
    return "has voxels of " + Text(found) + " instead of " + Text(expected);
  }
  std::ostringstream text;
  text.precision(3);
  const double degrees = Angle(grid.RASFromIJK, lattice);
  if (degrees > ToleranceMm) {
    text << "is turned by " << degrees << " degrees";
    return text.str();
  }
  const Point index = Apply(Product(Inverse(lattice), grid.RASFromIJK), Corner(grid.Extent, 0));
  const Point nearest{std::round(index[0]), std::round(index[1]), std::round(index[2])};
  text << "has its voxel centres " << Distance(Apply(lattice, index), Apply(lattice, nearest)) << " mm away";
  return text.str();
}

} // namespace RaterLensModule
