// Several raters of one image: their consensus, where they differ, how well they agree.
//
// Needs no model. The same label maps and options give the same numbers as the program `raterlens`, to the
// last bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "raterlens/cancel.hpp"
#include "raterlens/image.hpp"
#include "raterlens/progress.hpp"
#include "raterlens/result.hpp"
#include "raterlens/table.hpp"

namespace raterlens {

/// One rater's label map, which the caller owns. It is read during the call and not kept.
struct RaterView {
  /// Shown in tables and errors, so no patient's name. Each rater has another.
  std::string name;
  /// One label per voxel of the common grid, i fastest; 0 = background. Null: this rater did not rate the
  /// image; the rater then takes no part.
  const std::uint16_t *labels = nullptr;
  /// How many labels there are.
  std::size_t count = 0;
};

/// Raters of one image, all on one grid, and the structures to look at.
struct RatersView {
  Geometry geometry;
  std::vector<RaterView> raters;
  /// Names of structures: lower-case letters, digits and '_'. Layers come in this order.
  std::vector<Structure> structures;
};

/// How STAPLE is run. The defaults are those of ITK's binary filter.
struct StapleOptions {
  /// Each structure against the rest, instead of all labels at once.
  bool per_structure = false;
  /// The prior becomes the mean posterior after each iteration, instead of staying the mean label.
  bool estimate_prior = false;
  /// Made from voxels at which raters differ only.
  bool disagreement_only = false;
  /// Every rater's probability of a right label at the start, between 0 and 1 (Warfield 2004: 0.99999);
  /// 0 = start from the mean label.
  double start_performance = 0.0;
  /// It has converged when no probability changes by more than this.
  double tolerance = 1e-7;
  /// It stops after this many iterations even so, and a note says so.
  std::size_t max_iterations = 1000;
};

/// How soft labels, and with them variance maps, are made. Maps are comparable only when these are equal.
struct SoftLabelOptions {
  double tau = 1.0;          ///< Width of the soft edge, positive.
  bool millimetres = false;  ///< Unit of distances and `tau`: millimetres instead of pixels.
  bool whole_volume = false; ///< Distances through slices too, instead of within slices.
};

/// How raters are fused.
struct FuseOptions {
  /// "majority", "staple", "mean" or "soft-distance".
  std::string method = "majority";
  /// What majority and mean do with ties: "background", "lowest-label", "first-rater", "undecided:LABEL",
  /// "staple" or "random:SEED".
  std::string ties = "background";
  StapleOptions staple;
  SoftLabelOptions soft;
  /// Labels of no structure count as background; otherwise they are refused.
  bool ignore_unnamed = false;
  /// Whether posteriors are made: one layer per structure.
  bool posteriors = false;
  /// Whether variance and entropy are made: one layer per structure, and one.
  bool variability = true;
};

/// How raters are compared.
struct CompareOptions {
  SoftLabelOptions soft;
  /// Surfaces this close count as equal in surface Dice.
  double surface_tolerance_mm = 1.0;
};

/// What a fusion gives. Layers are on the raters' grid, i fastest, in the order of the structures.
struct Fusion {
  std::vector<std::uint16_t> consensus; ///< 0 = background, else `Structure::id`, or the undecided label.
  std::vector<Layer> posteriors;        ///< Probability of each structure, 0 to 1; empty unless asked for.
  std::vector<Layer> variance;          ///< Between the raters, in [0, 0.25]; empty unless asked for.
  std::vector<float> entropy;           ///< Of the mean label, nats; empty unless asked for.
  /// "performance" by rater and structure; with variability also "variance" and "entropy" by slice.
  std::vector<Table> tables;
  std::vector<std::string> notes; ///< Sentences for the user, or none.
};

/// What a comparison gives.
struct Comparison {
  /// "overall", "pairs", "raters", "limits_of_agreement", "differences", "measurements", "variance",
  /// "entropy". With one image there are no intervals over images: those numbers are NaN.
  std::vector<Table> tables;
  std::vector<std::string> notes; ///< Sentences for the user, or none.
};

/// Fuses the raters of one image, and maps where they differ. Blocks: do not call it on a GUI thread.
///
/// The labels are copied once on the way in and each layer once on the way out; 40 structures of a large
/// image need 40 float layers. Throws `Error` of kind `Raters` (fewer than two raters, two of one name, a
/// number of labels that is not the grid's, a label of no structure, an unknown method or tie policy),
/// `InvalidImage` (a degenerate grid) or `Cancelled`. It stops between structures; STAPLE over all labels at
/// once is one step.
Fusion fuseRaters(const RatersView &raters, const FuseOptions &options = {},
                  const ProgressCallback &progress = {}, const CancelToken &cancel = {});

/// Compares the raters of one image, structure by structure and pair by pair. Blocks and throws as
/// `fuseRaters`, but counts labels of no structure as background and says so in a note.
Comparison compareRaters(const RatersView &raters, const CompareOptions &options = {},
                         const ProgressCallback &progress = {}, const CancelToken &cancel = {});

/// Labels on another grid: for each voxel of `to` the label of the nearest voxel centre of `from`, background
/// outside. A grid that is only a crop, a flip or another axis order of the other's is reproduced exactly.
///
/// Throws `Error` of kind `Raters` when there are not as many labels as `from` has voxels.
std::vector<std::uint16_t> regridLabels(const std::vector<std::uint16_t> &labels, const Geometry &from,
                                        const Geometry &to);

} // namespace raterlens
