// Fusing and comparing raters, away from any node: what a job does.
#pragma once

#include "RaterLensRaters.h"

#include "raterlens/raterlens.hpp"

namespace RaterLensModule {

/// What a fusion gave, and what it was asked.
struct FusionFinding {
  RatersInput Input; ///< without the raters' labels
  raterlens::FuseOptions Options;
  raterlens::Fusion Result;
};

/// What a comparison gave.
struct ComparisonFinding {
  RatersInput Input; ///< without the raters' labels
  raterlens::Comparison Result;
};

/// One label map per rater on the common grid, by the nearest voxel of each layer; adds warnings to `input`.
///
/// Throws std::runtime_error with a sentence when segments of one rater overlap.
std::vector<std::vector<std::uint16_t>> OnCommonGrid(RatersInput &input,
                                                     const raterlens::CancelToken &cancel);

/// Fuses. Throws std::exception; `raterlens::Error` of kind `Cancelled` after a cancel.
FusionFinding RunFusion(RatersInput input, const raterlens::FuseOptions &options,
                        const raterlens::ProgressCallback &progress, const raterlens::CancelToken &cancel);

/// Compares. Throws as `RunFusion`.
ComparisonFinding RunComparison(RatersInput input, const raterlens::ProgressCallback &progress,
                                const raterlens::CancelToken &cancel);

} // namespace RaterLensModule
