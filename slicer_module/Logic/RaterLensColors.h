// The colours of variance and entropy maps.
#pragma once

#include <vtkSmartPointer.h>

class vtkMRMLColorTableNode;
class vtkMRMLScalarVolumeDisplayNode;
class vtkMRMLScene;

namespace RaterLensModule {

/// Variance maps are shown in this fixed window, so that colours mean the same in every case and structure.
///
/// The largest variance of values in [0, 1] is 0.25, half of the raters sure of 0 and half of 1. A tenth
/// of the raters disagreeing that strongly gives 0.09, and real maps hardly exceed it: the window ends at
/// 0.1.
constexpr double VarianceWindowMin = 0.0;
constexpr double VarianceWindowMax = 0.1;
/// Below this variance nothing is drawn: the raters agree.
constexpr double VarianceThreshold = 0.005;

/// Entropy maps (nats) are shown up to ln 2, two camps of equal size, and from 0.05: a hundredth of the
/// raters disagreeing gives 0.056.
constexpr double EntropyWindowMax = 0.6931471805599453;
constexpr double EntropyThreshold = 0.05;

/// The colour table of `scene` for variance maps, or null when it has none.
vtkMRMLColorTableNode *FindVarianceColors(vtkMRMLScene *scene);

/// A new colour table of 256 entries, perceptually uniform from dark purple to pale yellow ("inferno" without
/// its black end), opacity rising from 0 over the first quarter. Saved with the scene.
vtkSmartPointer<vtkMRMLColorTableNode> MakeVarianceColors();

/// Sets window, threshold and interpolation of a map's display. The colour node is set apart.
void SetVarianceDisplay(vtkMRMLScalarVolumeDisplayNode *display);
void SetEntropyDisplay(vtkMRMLScalarVolumeDisplayNode *display);
/// For a map of uncertainty whose colours end at `windowMax`: nothing is drawn below a fourteenth of it.
void SetUncertaintyDisplay(vtkMRMLScalarVolumeDisplayNode *display, double windowMax);

} // namespace RaterLensModule
