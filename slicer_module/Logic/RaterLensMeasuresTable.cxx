#include "RaterLensNodes.h"

#include <vtkDoubleArray.h>
#include <vtkIntArray.h>
#include <vtkMRMLTableNode.h>
#include <vtkNew.h>
#include <vtkStringArray.h>
#include <vtkTable.h>

#include <map>
#include <stdexcept>

namespace RaterLensModule {
namespace {

template <typename Array> Array *AddColumn(vtkTable *table, const char *key) {
  vtkNew<Array> column;
  column->SetName(key);
  table->AddColumn(column);
  return column.Get(); // kept alive by the table
}

} // namespace

vtkSmartPointer<vtkMRMLTableNode> MakeMeasuresTable(const std::vector<raterlens::Structure> &structures,
                                                    const std::vector<raterlens::MeasureRow> &rows) {
  std::map<std::uint16_t, const raterlens::Structure *> structureById;
  for (const raterlens::Structure &structure : structures) {
    structureById[structure.id] = &structure;
  }
  vtkNew<vtkTable> table;
  auto *names = AddColumn<vtkStringArray>(table, "structure");
  auto *titles = AddColumn<vtkStringArray>(table, "structure_title");
  auto *slices = AddColumn<vtkIntArray>(table, "slice");
  auto *areas = AddColumn<vtkDoubleArray>(table, "area_mm2");
  auto *volumes = AddColumn<vtkDoubleArray>(table, "volume_ml");
  auto *variances = AddColumn<vtkDoubleArray>(table, "mean_variance");
  auto *voxels = AddColumn<vtkDoubleArray>(table, "voxels");
  for (const raterlens::MeasureRow &row : rows) {
    const auto found = structureById.find(row.structure);
    if (found == structureById.end()) {
      throw std::runtime_error("A measure names the unknown structure " + std::to_string(row.structure) +
                               ".");
    }
    names->InsertNextValue(found->second->name);
    titles->InsertNextValue(found->second->title);
    slices->InsertNextValue(static_cast<int>(row.slice));
    voxels->InsertNextValue(static_cast<double>(row.voxels));
    areas->InsertNextValue(row.area_mm2);
    volumes->InsertNextValue(row.volume_ml);
    variances->InsertNextValue(row.mean_variance);
  }
  auto node = vtkSmartPointer<vtkMRMLTableNode>::New();
  node->SetUseColumnTitleAsColumnHeader(true);
  node->SetAndObserveTable(table);
  return node;
}

} // namespace RaterLensModule
