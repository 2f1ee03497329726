// Whether label maps lie on one lattice of voxel centres, whatever their extent and axis order.
#pragma once

#include "RaterLensGrid.h"

#include <optional>
#include <string>

namespace RaterLensModule {

/// The extent of `grid` in the indices of a lattice; nothing when a voxel centre of `grid` is none of the
/// lattice's (within 0.001 mm), or its axes run along others. Both matrices are world RAS from index.
std::optional<std::array<int, 6>> ExtentOnLattice(const NodeGrid &grid, const Matrix &lattice);

/// Makes `extent` as large as both.
void Enlarge(std::array<int, 6> &extent, const std::array<int, 6> &other);

/// How the lattice of `grid` differs from `lattice`, as the end of a sentence: "has voxels of ...".
std::string LatticeDifference(const NodeGrid &grid, const Matrix &lattice);

} // namespace RaterLensModule
