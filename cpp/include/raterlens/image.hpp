// What goes in: an image and where its voxels are.
#pragma once

#include <array>
#include <cstddef>

namespace raterlens {

/// Where the voxels of an image are, in patient space (LPS, millimetres:
/// x grows to the patient's left, y to posterior, z to superior).
///
/// The centre of voxel (i, j, k) is at
/// `origin_lps + direction_lps * (spacing_mm .* (i, j, k))`.
struct Geometry {
  /// Voxels along i, j and k. Index i runs fastest in memory.
  std::array<std::size_t, 3> dims{};
  /// Distance between voxel centres along i, j and k, in millimetres.
  std::array<double, 3> spacing_mm{};
  /// Centre of voxel (0, 0, 0).
  std::array<double, 3> origin_lps{};
  /// Row-major 3x3 matrix; column a is the unit LPS vector of array axis a.
  std::array<double, 9> direction_lps{1, 0, 0, 0, 1, 0, 0, 0, 1};
};

/// An image that the caller owns. It is read during the call and not kept.
struct ImageView {
  /// `dims[0] * dims[1] * dims[2]` intensities, i fastest, then j, then k.
  const float *voxels = nullptr;
  /// Where these voxels are.
  Geometry geometry;
};

} // namespace raterlens
