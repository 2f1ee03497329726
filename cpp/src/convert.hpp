// Between the bridge's structs and the public ones. Internal.
#pragma once

#include <vector>

#include "bridge.hpp"
#include "raterlens/image.hpp"
#include "raterlens/result.hpp"

namespace raterlens {
namespace internal {

/// Borrows the caller's voxels. Throws `Error` of kind `InvalidImage` when the
/// pointer is null or the dimensions cannot belong to an array in memory.
rust::Slice<const float> borrow_voxels(const ImageView &image);

bridge::GeometryData to_bridge(const Geometry &geometry);
Layer to_public(const bridge::LayerData &layer);
std::vector<Structure> to_public(const rust::Vec<bridge::StructureData> &structures);
SegmentResult to_public(const bridge::ResultData &result);

} // namespace internal
} // namespace raterlens
