// Segmenting an image, away from any node: what a job does.
#pragma once

#include "RaterLensImage.h"
#include "RaterLensPublish.h"

#include "raterlens/raterlens.hpp"

#include <string>
#include <vector>

namespace RaterLensModule {

/// What to run: the model package, where, and how.
struct Request {
  std::string ModelPath;
  /// Further models, which are an ensemble with the first.
  std::vector<std::string> EnsembleMembers;
  std::string Device = "auto";
  raterlens::SegmentOptions Options;
};

/// Loads the model and segments. Throws `raterlens::Error`, of kind `Cancelled` after a cancel.
Finding RunSegmentation(const InputImage &image, const Request &request,
                        const raterlens::ProgressCallback &progress, const raterlens::CancelToken &cancel);

} // namespace RaterLensModule
