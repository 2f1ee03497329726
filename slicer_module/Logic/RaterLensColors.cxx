#include "RaterLensColors.h"

#include <vtkLookupTable.h>
#include <vtkMRMLColorTableNode.h>
#include <vtkMRMLScalarVolumeDisplayNode.h>
#include <vtkMRMLScene.h>
#include <vtkNew.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace RaterLensModule {
namespace {

constexpr int TableSize = 256;
constexpr double OpaqueFrom = 0.25; // fraction of the window
const char *const RoleAttribute = "RaterLens.Role";
const char *const RoleValue = "variance-colors";

/// "Inferno" by N. Smith and S. van der Walt (public domain, CC0), at 13 equal steps from 0.25 to 1.
constexpr std::array<std::array<double, 3>, 13> Anchors = {{{{0.3399, 0.0618, 0.4292}},
                                                            {{0.4393, 0.0986, 0.4317}},
                                                            {{0.5386, 0.1339, 0.4157}},
                                                            {{0.6375, 0.1704, 0.3822}},
                                                            {{0.7328, 0.2143, 0.3321}},
                                                            {{0.8195, 0.2728, 0.2685}},
                                                            {{0.8918, 0.3500, 0.1965}},
                                                            {{0.9451, 0.4448, 0.1188}},
                                                            {{0.9774, 0.5526, 0.0380}},
                                                            {{0.9879, 0.6692, 0.0596}},
                                                            {{0.9759, 0.7909, 0.1973}},
                                                            {{0.9486, 0.9109, 0.3962}},
                                                            {{0.9884, 0.9984, 0.6449}}}};

std::array<double, 4> ColorAt(double fraction) {
  const double position = fraction * (Anchors.size() - 1);
  const auto lower = std::min(static_cast<std::size_t>(position), Anchors.size() - 2);
  const double weight = position - static_cast<double>(lower);
  std::array<double, 4> color{};
  for (std::size_t channel = 0; channel < 3; ++channel) {
    color[channel] = (1.0 - weight) * Anchors[lower][channel] + weight * Anchors[lower + 1][channel];
  }
  color[3] = std::min(1.0, fraction / OpaqueFrom);
  return color;
}

void SetDisplay(vtkMRMLScalarVolumeDisplayNode *display, double windowMin, double windowMax, double lower,
                double upper) {
  display->SetAutoWindowLevel(0);
  display->SetWindowLevelMinMax(windowMin, windowMax);
  display->SetAutoThreshold(0);
  display->SetThreshold(lower, upper);
  display->SetApplyThreshold(1);
  display->SetInterpolate(1);
}

} // namespace

vtkMRMLColorTableNode *FindVarianceColors(vtkMRMLScene *scene) {
  std::vector<vtkMRMLNode *> nodes;
  scene->GetNodesByClass("vtkMRMLColorTableNode", nodes);
  for (vtkMRMLNode *node : nodes) {
    const char *role = node->GetAttribute(RoleAttribute);
    if (role && std::string(role) == RoleValue) {
      return vtkMRMLColorTableNode::SafeDownCast(node);
    }
  }
  return nullptr;
}

vtkSmartPointer<vtkMRMLColorTableNode> MakeVarianceColors() {
  vtkNew<vtkLookupTable> table;
  table->SetNumberOfTableValues(TableSize);
  table->SetTableRange(0, TableSize - 1);
  for (int entry = 0; entry < TableSize; ++entry) {
    table->SetTableValue(entry, ColorAt(entry / (TableSize - 1.0)).data());
  }
  auto colors = vtkSmartPointer<vtkMRMLColorTableNode>::New();
  colors->SetTypeToUser();
  colors->SetName("Inter-rater variance");
  colors->SetDescription("RaterLens: inter-rater variance, transparent where raters agree");
  colors->SetAttribute(RoleAttribute, RoleValue);
  colors->SetAttribute("Category", "RaterLens");
  colors->SetAndObserveLookupTable(table);
  return colors;
}

void SetVarianceDisplay(vtkMRMLScalarVolumeDisplayNode *display) {
  SetDisplay(display, VarianceWindowMin, VarianceWindowMax, VarianceThreshold, 0.25);
}

void SetUncertaintyDisplay(vtkMRMLScalarVolumeDisplayNode *display, double windowMax) {
  const double largest = std::log(65536.0); // no model has more classes
  SetDisplay(display, 0.0, windowMax, windowMax / 14.0, largest);
}

void SetEntropyDisplay(vtkMRMLScalarVolumeDisplayNode *display) {
  const double largest = std::log(65536.0); // no map of labels has more
  SetDisplay(display, 0.0, EntropyWindowMax, EntropyThreshold, largest);
}

} // namespace RaterLensModule
