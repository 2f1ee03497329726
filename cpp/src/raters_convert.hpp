// Between the bridge's structs of raters and the public ones. Internal.
#pragma once

#include <vector>

#include "bridge.hpp"
#include "raterlens/raters.hpp"

namespace raterlens {
namespace internal {

/// Borrows names and labels; valid as long as `raters` is. Throws `Error` of kind `Raters` for a name that is
/// not UTF-8.
std::vector<bridge::RaterData> borrow_raters(const std::vector<RaterView> &raters);

/// Borrows labels.
rust::Slice<const std::uint16_t> borrow_labels(const std::uint16_t *labels, std::size_t count);

/// These throw `Error` of kind `Raters` for text that is not UTF-8.
std::vector<bridge::StructureData> to_bridge(const std::vector<Structure> &structures);
bridge::FuseData to_bridge(const FuseOptions &options);
bridge::CompareData to_bridge(const CompareOptions &options);

Fusion to_public(const bridge::FusionData &fusion);
Comparison to_public(const bridge::ComparisonData &comparison);

} // namespace internal
} // namespace raterlens
