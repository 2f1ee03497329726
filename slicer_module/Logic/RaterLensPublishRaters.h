// Puts what was found about raters into their scene, whole or not at all.
#pragma once

#include "RaterLensRatersRun.h"
#include "RaterLensRatersWatch.h"

class vtkMRMLSegmentationNode;
class vtkMRMLTableNode;

namespace RaterLensModule {

/// Reference roles from the consensus segmentation or the table of overall agreement to the other nodes.
constexpr const char *RaterReferenceRole = "raterLensRater";
constexpr const char *EntropyReferenceRole = "raterLensEntropy";
constexpr const char *TableReferenceRole = "raterLensTable";
constexpr const char *ChartReferenceRole = "raterLensChart";

/// Adds consensus, a variance volume per structure, the entropy volume and the table of the raters'
/// performance, in one folder beside the reference volume or the first rater. Returns the consensus. The
/// raters' nodes are not changed.
///
/// `watch` must say that nothing changed. Throws std::exception; then the scene has the nodes it had.
vtkMRMLSegmentationNode *PublishFusion(const FusionFinding &finding, const RatersWatch &watch);

/// Adds the tables and charts of a comparison, in one folder; returns the table of overall agreement. As
/// `PublishFusion` otherwise.
vtkMRMLTableNode *PublishComparison(const ComparisonFinding &finding, const RatersWatch &watch);

} // namespace RaterLensModule
