#include "RaterLensSegmentRun.h"

namespace RaterLensModule {

Finding RunSegmentation(const InputImage &image, const Request &request,
                        const raterlens::ProgressCallback &progress, const raterlens::CancelToken &cancel) {
  progress(0.0, "loading the model");
  const raterlens::Segmenter segmenter(request.ModelPath, request.Device);
  Finding finding;
  finding.Structures = segmenter.structures();
  finding.Seed = request.Options.seed;
  finding.Result = segmenter.segment(image.View(), request.Options, progress, cancel);
  return finding;
}

} // namespace RaterLensModule
