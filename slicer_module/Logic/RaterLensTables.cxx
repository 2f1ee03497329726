#include "RaterLensNodes.h"

#include <vtkDoubleArray.h>
#include <vtkIntArray.h>
#include <vtkMRMLTableNode.h>
#include <vtkNew.h>
#include <vtkStringArray.h>
#include <vtkTable.h>

#include <map>
#include <stdexcept>
#include <variant>

namespace RaterLensModule {
namespace {

template <typename Array> Array *AddColumn(vtkTable *table, const char *key) {
  vtkNew<Array> column;
  column->SetName(key);
  table->AddColumn(column);
  return column.Get(); // kept alive by the table
}

template <typename Array, typename Value>
vtkSmartPointer<Array> MakeColumn(const std::string &name, const std::vector<Value> &values) {
  auto column = vtkSmartPointer<Array>::New();
  column->SetName(name.c_str());
  for (const Value &value : values) {
    column->InsertNextValue(value);
  }
  return column;
}

/// Adds a column; a table wants it complete, since all have the same length.
void AddColumn(vtkTable *table, const raterlens::TableColumn &column) {
  if (const auto *words = std::get_if<std::vector<std::string>>(&column.values)) {
    table->AddColumn(MakeColumn<vtkStringArray>(column.name, *words));
  } else {
    table->AddColumn(MakeColumn<vtkDoubleArray>(column.name, std::get<std::vector<double>>(column.values)));
  }
}

vtkSmartPointer<vtkMRMLTableNode> MakeNode(vtkTable *table) {
  auto node = vtkSmartPointer<vtkMRMLTableNode>::New();
  node->SetUseColumnTitleAsColumnHeader(true);
  node->SetAndObserveTable(table);
  return node;
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
  return MakeNode(table);
}

vtkSmartPointer<vtkMRMLTableNode> MakeTable(const raterlens::Table &table) {
  vtkNew<vtkTable> columns;
  for (const raterlens::TableColumn &column : table.columns) {
    AddColumn(columns, column);
  }
  auto node = MakeNode(columns);
  node->SetName(table.title.c_str());
  node->SetAttribute("RaterLens.Table", table.name.c_str());
  return node;
}

} // namespace RaterLensModule
