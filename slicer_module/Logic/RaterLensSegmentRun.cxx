#include "RaterLensSegmentRun.h"

namespace RaterLensModule {

Finding RunSegmentation(const InputImage &image, const Request &request,
                        const raterlens::ProgressCallback &progress, const raterlens::CancelToken &cancel) {
  progress(0.0, "loading the model");
  std::vector<std::string> models{request.ModelPath};
  models.insert(models.end(), request.EnsembleMembers.begin(), request.EnsembleMembers.end());
  const raterlens::Segmenter segmenter(models, request.Device);
  Finding finding;
  finding.Structures = segmenter.structures();
  finding.Seed = request.Options.seed;
  finding.Result = segmenter.segment(image.View(), request.Options, progress, cancel);
  return finding;
}

} // namespace RaterLensModule
