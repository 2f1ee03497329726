#include "RaterLensPublishRaters.h"

#include "RaterLensColors.h"
#include "RaterLensNodes.h"
#include "RaterLensPlots.h"
#include "RaterLensShow.h"

#include <vtkMRMLPlotChartNode.h>
#include <vtkMRMLScalarVolumeDisplayNode.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLScene.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMRMLTableNode.h>
#include <vtkNew.h>
#include <vtkSegment.h>
#include <vtkSegmentation.h>

#include <algorithm>

namespace RaterLensModule {
namespace {

std::string Joined(const std::vector<std::string> &texts, const char *separator) {
  std::string joined;
  for (const std::string &text : texts) {
    joined += (joined.empty() ? "" : separator) + text;
  }
  return joined;
}

/// Says on a result who drew, and how it was made.
void Describe(vtkMRMLNode *node, const RatersInput &input, const RatersWatch &watch) {
  std::vector<std::string> names;
  for (const RaterDrawing &rater : input.Raters) {
    names.push_back(rater.Name);
  }
  node->SetAttribute("RaterLens.Raters", Joined(names, "; ").c_str());
  node->SetAttribute("RaterLens.Resampling", input.Frame.Rule.c_str());
  node->SetAttribute("RaterLens.Warnings", Joined(input.Warnings, "\n").c_str());
  node->SetAttribute("RaterLens.Version", raterlens::version().c_str());
  for (const auto &rater : watch.Nodes()) {
    node->AddNodeReferenceID(RaterReferenceRole, rater->GetID());
  }
}

/// The structures, and one more where the consensus is undecided.
std::vector<raterlens::Structure> StructuresOf(const FusionFinding &finding) {
  std::vector<raterlens::Structure> structures;
  std::set<std::uint16_t> known{0};
  for (const RaterStructure &structure : finding.Input.Structures) {
    structures.push_back(structure.Structure);
    known.insert(structure.Structure.id);
  }
  const auto &labels = finding.Result.consensus;
  const auto other = std::find_if(labels.begin(), labels.end(),
                                  [&](std::uint16_t label) { return known.count(label) == 0; });
  if (other != labels.end()) {
    structures.push_back(
        {*other, "undecided_" + std::to_string(*other), "Undecided", {128, 128, 128}, "", "", ""});
  }
  return structures;
}

vtkSmartPointer<vtkMRMLSegmentationNode> MakeConsensus(const FusionFinding &finding,
                                                       const RatersWatch &watch) {
  const NodeGrid &grid = finding.Input.Frame.Grid;
  auto node = MakeSegmentation(grid, StructuresOf(finding), finding.Result.consensus);
  for (const RaterStructure &structure : finding.Input.Structures) {
    vtkSegment *segment = node->GetSegmentation()->GetSegment(structure.Structure.name);
    segment->SetColor(structure.Color[0], structure.Color[1], structure.Color[2]);
    if (!structure.Terminology.empty()) {
      segment->SetTerminology(structure.Terminology);
    }
  }
  SetReferenceGrid(node->GetSegmentation(), grid);
  node->SetName(("Consensus (" + finding.Options.method + ")").c_str());
  node->SetAttribute("RaterLens.Method", finding.Options.method.c_str());
  node->SetAttribute("RaterLens.Ties", finding.Options.ties.c_str());
  Describe(node, finding.Input, watch);
  return node;
}

vtkSmartPointer<vtkMRMLScalarVolumeNode> MakeRaterVariance(const NodeGrid &grid,
                                                           const raterlens::Structure &structure,
                                                           const raterlens::Layer &layer) {
  auto node = MakeMapVolume(grid, layer.voxels);
  node->SetName((structure.title + " rater variance").c_str());
  node->SetDescription("Variance of the raters' soft labels, 0 (they agree) to 0.25");
  node->SetAttribute("RaterLens.Quantity", "rater_variance");
  node->SetAttribute("RaterLens.SoftLabel", "tau 1 pixel, within slices");
  node->SetAttribute("RaterLens.Structure", structure.name.c_str());
  node->SetAttribute("RaterLens.StructureTitle", structure.title.c_str());
  return node;
}

vtkSmartPointer<vtkMRMLScalarVolumeNode> MakeEntropy(const NodeGrid &grid,
                                                     const std::vector<float> &entropy) {
  auto node = MakeMapVolume(grid, entropy);
  node->SetName("Rater entropy");
  node->SetDescription("Entropy of the raters' mean label, in nats; 0 where they agree");
  node->SetAttribute("RaterLens.Quantity", "rater_entropy");
  node->SetAttribute("RaterLens.Unit", "nats");
  return node;
}

vtkMRMLScene *SceneOf(const RatersWatch &watch) { return watch.Nodes().front()->GetScene(); }

/// The image to show results over: the reference volume, else the one that the first rater drew on, or null.
vtkMRMLScalarVolumeNode *BackgroundOf(const RatersWatch &watch) {
  const std::string role = vtkMRMLSegmentationNode::GetReferenceImageGeometryReferenceRole();
  return watch.Reference()
             ? watch.Reference()
             : vtkMRMLScalarVolumeNode::SafeDownCast(watch.Nodes().front()->GetNodeReference(role.c_str()));
}

/// Beside what the results are put in the subject hierarchy.
vtkMRMLNode *NeighbourOf(const RatersWatch &watch) {
  if (watch.Reference()) {
    return watch.Reference();
  }
  return watch.Nodes().front();
}

void MakeNameUnique(vtkMRMLNode *node, vtkMRMLScene *scene) {
  node->SetName(scene->GenerateUniqueName(node->GetName()).c_str());
}

/// Adds a map under the frame's transform.
void Place(vtkMRMLScalarVolumeNode *map, vtkMRMLScalarVolumeDisplayNode *display, const std::string &colors,
           const RatersFrame &frame, vtkMRMLScene *scene, SceneChange &change) {
  MakeNameUnique(map, scene);
  AddMap(map, display, colors, change);
  if (!frame.TransformNodeID.empty()) {
    map->SetAndObserveTransformNodeID(frame.TransformNodeID.c_str());
  }
}

Volumes AddVariance(const FusionFinding &finding, const std::string &colors,
                    vtkMRMLSegmentationNode *consensus, vtkMRMLScene *scene, SceneChange &change) {
  Volumes volumes;
  const auto &structures = finding.Input.Structures;
  for (std::size_t index = 0; index < structures.size(); ++index) {
    const auto volume = MakeRaterVariance(finding.Input.Frame.Grid, structures[index].Structure,
                                          finding.Result.variance.at(index));
    vtkNew<vtkMRMLScalarVolumeDisplayNode> display;
    SetVarianceDisplay(display);
    Place(volume, display, colors, finding.Input.Frame, scene, change);
    consensus->AddNodeReferenceID(VarianceReferenceRole, volume->GetID());
    volumes.push_back(volume);
  }
  return volumes;
}

vtkSmartPointer<vtkMRMLTableNode> AddTable(const raterlens::Table &table, vtkMRMLScene *scene,
                                           SceneChange &change) {
  const auto node = MakeTable(table);
  MakeNameUnique(node, scene);
  change.Add(node);
  return node;
}

} // namespace

vtkMRMLSegmentationNode *PublishFusion(const FusionFinding &finding, const RatersWatch &watch) {
  vtkMRMLScene *scene = SceneOf(watch);
  const RatersFrame &frame = finding.Input.Frame;
  const auto consensus = MakeConsensus(finding, watch);
  const auto entropy = MakeEntropy(frame.Grid, finding.Result.entropy);

  SceneChange change(scene);
  const std::string colors = MapColors(scene, change);
  const Volumes variance = AddVariance(finding, colors, consensus, scene, change);
  vtkNew<vtkMRMLScalarVolumeDisplayNode> display;
  SetEntropyDisplay(display);
  Place(entropy, display, colors, frame, scene, change);
  const auto performance = AddTable(TableOf(finding.Result.tables, "performance"), scene, change);
  consensus->AddNodeReferenceID(EntropyReferenceRole, entropy->GetID());
  consensus->AddNodeReferenceID(TableReferenceRole, performance->GetID());
  MakeNameUnique(consensus, scene);
  AddSegmentation(consensus, change);
  if (watch.Reference()) {
    consensus->SetReferenceImageGeometryParameterFromVolumeNode(watch.Reference());
  }
  if (!frame.TransformNodeID.empty()) {
    consensus->SetAndObserveTransformNodeID(frame.TransformNodeID.c_str());
  }
  std::vector<vtkMRMLNode *> members{consensus};
  members.insert(members.end(), variance.begin(), variance.end());
  members.insert(members.end(), {entropy, performance});
  Group(NeighbourOf(watch), "Fusion of " + std::to_string(finding.Input.Raters.size()) + " raters", members);
  change.Complete();
  ShowInSliceViews(scene, BackgroundOf(watch), variance);
  return consensus;
}

vtkMRMLTableNode *PublishComparison(const ComparisonFinding &finding, const RatersWatch &watch) {
  vtkMRMLScene *scene = SceneOf(watch);
  const auto &tables = finding.Result.tables;
  auto charts = MakeBlandAltmanCharts(tables, finding.Input.Structures);
  charts.push_back(MakeVarianceChart(tables, finding.Input.Structures));

  SceneChange change(scene);
  const auto overall = AddTable(TableOf(tables, "overall"), scene, change);
  Describe(overall, finding.Input, watch);
  std::vector<vtkMRMLNode *> members{overall};
  for (const raterlens::Table &table : tables) {
    if (table.name != "overall") {
      members.push_back(AddTable(table, scene, change));
      overall->AddNodeReferenceID(TableReferenceRole, members.back()->GetID());
    }
  }
  for (const Chart &chart : charts) {
    AddChart(chart, scene, change);
    overall->AddNodeReferenceID(ChartReferenceRole, chart.Node->GetID());
    members.insert(members.end(), chart.Tables.begin(), chart.Tables.end());
    members.push_back(chart.Node);
  }
  Group(NeighbourOf(watch), "Comparison of " + std::to_string(finding.Input.Raters.size()) + " raters",
        members);
  change.Complete();
  return overall;
}

} // namespace RaterLensModule
