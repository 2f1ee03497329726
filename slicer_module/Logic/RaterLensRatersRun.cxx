#include "RaterLensRatersRun.h"

#include <algorithm>
#include <stdexcept>

namespace RaterLensModule {
namespace {

using Labels = std::vector<std::uint16_t>;

const std::string &TitleOf(const RatersInput &input, std::uint16_t id) {
  const auto found = std::find_if(input.Structures.begin(), input.Structures.end(),
                                  [&](const RaterStructure &s) { return s.Structure.id == id; });
  return found->Structure.title;
}

/// Adds the labels of another layer. Throws where both have one.
void Merge(const Labels &layer, const RatersInput &input, const RaterDrawing &rater, Labels &target) {
  for (std::size_t voxel = 0; voxel < target.size(); ++voxel) {
    if (layer[voxel] == 0) {
      continue;
    }
    if (target[voxel] != 0) {
      throw std::runtime_error("In the segmentation '" + rater.Name + "' the segments '" +
                               TitleOf(input, target[voxel]) + "' and '" + TitleOf(input, layer[voxel]) +
                               "' overlap; a voxel can have one label only. Remove the overlap.");
    }
    target[voxel] = layer[voxel];
  }
}

void WarnOfVanished(const Labels &labels, const RaterDrawing &rater, RatersInput &input) {
  std::set<std::uint16_t> left = rater.Drawn;
  std::uint16_t last = 0;
  for (const std::uint16_t label : labels) {
    if (label != last) {
      left.erase(label);
      last = label;
    }
  }
  for (const std::uint16_t id : left) {
    input.Warnings.push_back("No voxel of the segment '" + TitleOf(input, id) + "' of '" + rater.Name +
                             "' is left on the reference volume's grid.");
  }
}

/// The same raters for the core; `maps` must outlive the result.
raterlens::RatersView ViewOf(const RatersInput &input, const std::vector<Labels> &maps) {
  raterlens::RatersView view;
  view.geometry = input.Geometry;
  for (std::size_t index = 0; index < maps.size(); ++index) {
    view.raters.push_back({input.Raters[index].Name, maps[index].data(), maps[index].size()});
  }
  for (const RaterStructure &structure : input.Structures) {
    view.structures.push_back(structure.Structure);
  }
  return view;
}

void CheckCancelled(const raterlens::CancelToken &cancel) {
  if (cancel.cancelled()) {
    throw raterlens::Error(raterlens::ErrorKind::Cancelled, "cancelled");
  }
}

void AddNotes(const std::vector<std::string> &notes, RatersInput &input) {
  input.Warnings.insert(input.Warnings.end(), notes.begin(), notes.end());
}

} // namespace

std::vector<Labels> OnCommonGrid(RatersInput &input, const raterlens::CancelToken &cancel) {
  const auto &dims = input.Geometry.dims;
  std::vector<Labels> maps;
  for (RaterDrawing &rater : input.Raters) {
    Labels labels(dims[0] * dims[1] * dims[2], 0);
    for (RaterLayer &layer : rater.Layers) {
      CheckCancelled(cancel);
      Merge(raterlens::regridLabels(layer.Labels, layer.Geometry, input.Geometry), input, rater, labels);
    }
    rater.Layers.clear(); // the memory may be needed
    rater.Layers.shrink_to_fit();
    WarnOfVanished(labels, rater, input);
    maps.push_back(std::move(labels));
  }
  return maps;
}

FusionFinding RunFusion(RatersInput input, const raterlens::FuseOptions &options,
                        const raterlens::ProgressCallback &progress, const raterlens::CancelToken &cancel) {
  const auto maps = OnCommonGrid(input, cancel);
  FusionFinding finding;
  finding.Result = raterlens::fuseRaters(ViewOf(input, maps), options, progress, cancel);
  finding.Options = options;
  AddNotes(finding.Result.notes, input);
  finding.Input = std::move(input);
  return finding;
}

ComparisonFinding RunComparison(RatersInput input, const raterlens::ProgressCallback &progress,
                                const raterlens::CancelToken &cancel) {
  const auto maps = OnCommonGrid(input, cancel);
  ComparisonFinding finding;
  finding.Result = raterlens::compareRaters(ViewOf(input, maps), {}, progress, cancel);
  AddNotes(finding.Result.notes, input);
  finding.Input = std::move(input);
  return finding;
}

} // namespace RaterLensModule
