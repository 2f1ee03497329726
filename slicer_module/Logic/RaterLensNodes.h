// Result nodes, complete but in no scene yet.
#pragma once

#include "RaterLensGrid.h"

#include "raterlens/result.hpp"
#include "raterlens/table.hpp"

#include <vtkSmartPointer.h>

#include <string>
#include <vector>

class vtkMRMLScalarVolumeNode;
class vtkMRMLSegmentationNode;
class vtkMRMLTableNode;

namespace RaterLensModule {

/// A segmentation with one segment per structure, in one shared binary labelmap on `grid`.
///
/// Segment IDs are `Structure::name`, label values `Structure::id`; names, colours and, where the model
/// states it, terminology come from the structures. `labels`: one value per voxel, i fastest.
/// Throws std::runtime_error when the number of labels does not fit the grid.
vtkSmartPointer<vtkMRMLSegmentationNode> MakeSegmentation(const NodeGrid &grid,
                                                          const std::vector<raterlens::Structure> &structures,
                                                          const std::vector<std::uint16_t> &labels);

/// A float32 volume with one value per voxel, i fastest.
/// Throws std::runtime_error when the number of voxels does not fit the grid.
vtkSmartPointer<vtkMRMLScalarVolumeNode> MakeMapVolume(const NodeGrid &grid,
                                                       const std::vector<float> &voxels);

/// A float32 volume with the predicted inter-rater variance of `structure`.
/// Throws std::runtime_error when the number of voxels does not fit the grid.
vtkSmartPointer<vtkMRMLScalarVolumeNode> MakeVarianceVolume(const NodeGrid &grid,
                                                            const raterlens::Structure &structure,
                                                            const raterlens::Layer &layer);

/// A float32 volume with a map of the model's uncertainty; its attribute `RaterLens.Quantity` is the map's
/// name. Throws std::runtime_error when the number of voxels does not fit the grid.
vtkSmartPointer<vtkMRMLScalarVolumeNode> MakeUncertaintyVolume(const NodeGrid &grid,
                                                               const raterlens::UncertaintyMap &map);

/// A table with one row per structure and slice, and one per structure for the whole volume.
///
/// Columns, with the keys of the program's `measures.csv`: `structure`, `structure_title`, `slice` (index
/// along the input's slice axis, -1 for the whole volume), `area_mm2` (NaN for the whole volume),
/// `volume_ml`, `mean_variance` (NaN where empty), `voxels`.
vtkSmartPointer<vtkMRMLTableNode> MakeMeasuresTable(const std::vector<raterlens::Structure> &structures,
                                                    const std::vector<raterlens::MeasureRow> &rows);

/// A table with the same columns; NaN where a number is undefined. Its attribute `RaterLens.Table` is the
/// table's name, and so is what it is called.
vtkSmartPointer<vtkMRMLTableNode> MakeTable(const raterlens::Table &table);

/// Slicer's one-line form of a terminology entry for `structure`; empty when the model states no code.
std::string TerminologyEntry(const raterlens::Structure &structure);

} // namespace RaterLensModule
