// Charts of a comparison, complete but in no scene yet.
#pragma once

#include "RaterLensRaters.h"
#include "RaterLensSceneChange.h"

#include "raterlens/table.hpp"

#include <vtkSmartPointer.h>

#include <string>
#include <vector>

class vtkMRMLPlotChartNode;
class vtkMRMLPlotSeriesNode;
class vtkMRMLTableNode;

namespace RaterLensModule {

/// A chart with its series, each with the table that it draws.
struct Chart {
  struct Series {
    vtkSmartPointer<vtkMRMLPlotSeriesNode> Node;
    std::size_t Table; ///< position in `Tables`
  };
  vtkSmartPointer<vtkMRMLPlotChartNode> Node;
  std::vector<vtkSmartPointer<vtkMRMLTableNode>> Tables;
  std::vector<Series> AllSeries;
};

/// With more structures than this, Bland-Altman charts have no lines for bias and limits: nobody could tell
/// 40 of them apart. They are in the table "limits_of_agreement".
constexpr std::size_t MostStructuresWithLines = 6;

/// Bland-Altman charts of cross-sectional areas, one per pair of raters: each slice's difference over its
/// mean, with bias and 95 % limits of agreement of each structure. Made of the tables "differences" and
/// "limits_of_agreement".
std::vector<Chart> MakeBlandAltmanCharts(const std::vector<raterlens::Table> &tables,
                                         const std::vector<RaterStructure> &structures);

/// The mean variance of each slice where anybody drew the structure. Made of the table "variance".
Chart MakeVarianceChart(const std::vector<raterlens::Table> &tables,
                        const std::vector<RaterStructure> &structures);

/// Adds everything of `chart`; its names become unique in the scene.
void AddChart(const Chart &chart, vtkMRMLScene *scene, SceneChange &change);

/// Access to a result's tables and columns. Throws std::runtime_error when there is none of that name.
const raterlens::Table &TableOf(const std::vector<raterlens::Table> &tables, const std::string &name);
const std::vector<double> &Numbers(const raterlens::Table &table, const std::string &column);
const std::vector<std::string> &Words(const raterlens::Table &table, const std::string &column);

} // namespace RaterLensModule
