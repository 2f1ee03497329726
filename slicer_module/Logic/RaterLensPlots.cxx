#include "RaterLensPlots.h"

#include "RaterLensNodes.h"

#include <vtkMRMLPlotChartNode.h>
#include <vtkMRMLPlotSeriesNode.h>
#include <vtkMRMLScene.h>
#include <vtkMRMLTableNode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <variant>

namespace RaterLensModule {
namespace {

const char *const AreaQuantity = "area_mm2";
const char *const SquareMm = "mm\xC2\xB2";
const char *const Minus = " \xE2\x88\x92 ";

template <typename Value>
const std::vector<Value> &Column(const raterlens::Table &table, const std::string &name) {
  for (const raterlens::TableColumn &column : table.columns) {
    const auto *values = std::get_if<std::vector<Value>>(&column.values);
    if (column.name == name && values) {
      return *values;
    }
  }
  throw std::runtime_error("The table \"" + table.name + "\" has no column \"" + name + "\".");
}

/// Columns of numbers in the making; what is not set is NaN.
class Grid {
public:
  explicit Grid(std::size_t rows) : Rows(rows) {}

  std::vector<double> &operator[](const std::string &column) {
    const auto known = [&](const raterlens::TableColumn &c) { return c.name == column; };
    auto found = std::find_if(this->Columns.begin(), this->Columns.end(), known);
    if (found == this->Columns.end()) {
      this->Columns.push_back(
          {column, std::vector<double>(this->Rows, std::numeric_limits<double>::quiet_NaN())});
      found = this->Columns.end() - 1;
    }
    return std::get<std::vector<double>>(found->values);
  }

  vtkSmartPointer<vtkMRMLTableNode> Node(const std::string &name, const std::string &title) const {
    return MakeTable({name, title, this->Columns});
  }

private:
  std::size_t Rows;
  std::vector<raterlens::TableColumn> Columns;
};

Chart NewChart(const std::string &title, const std::string &x, const std::string &y) {
  Chart chart;
  chart.Node = vtkSmartPointer<vtkMRMLPlotChartNode>::New();
  chart.Node->SetName(title.c_str());
  chart.Node->SetTitle(title.c_str());
  chart.Node->SetXAxisTitle(x.c_str());
  chart.Node->SetYAxisTitle(y.c_str());
  return chart;
}

/// Columns `y` over `x` of a table of `chart`, in the structure's colour.
vtkMRMLPlotSeriesNode *AddSeries(Chart &chart, std::size_t table, const std::string &name,
                                 const std::string &x, const std::string &y,
                                 const RaterStructure &structure) {
  auto series = vtkSmartPointer<vtkMRMLPlotSeriesNode>::New();
  series->SetName(name.c_str());
  series->SetPlotType(vtkMRMLPlotSeriesNode::PlotTypeScatter);
  series->SetXColumnName(x);
  series->SetYColumnName(y);
  series->SetColor(structure.Color[0], structure.Color[1], structure.Color[2]);
  chart.AllSeries.push_back({series, table});
  return series;
}

/// The rows of a pair's areas, by structure.
struct Pair {
  std::string A, B;
};

std::vector<Pair> PairsOf(const raterlens::Table &limits) {
  const auto &a = Words(limits, "rater_a"), &b = Words(limits, "rater_b");
  std::vector<Pair> pairs;
  std::set<std::pair<std::string, std::string>> seen;
  for (std::size_t row = 0; row < a.size(); ++row) {
    if (seen.emplace(a[row], b[row]).second) {
      pairs.push_back({a[row], b[row]});
    }
  }
  return pairs;
}

/// The rows of areas of this pair.
std::vector<std::size_t> RowsOf(const raterlens::Table &table, const Pair &pair) {
  const auto &a = Words(table, "rater_a"), &b = Words(table, "rater_b"), &quantity = Words(table, "quantity");
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < a.size(); ++row) {
    if (a[row] == pair.A && b[row] == pair.B && quantity[row] == AreaQuantity) {
      rows.push_back(row);
    }
  }
  return rows;
}

/// One row per slice: the points of each structure.
Grid PointsOf(const raterlens::Table &differences, const Pair &pair) {
  const auto rows = RowsOf(differences, pair);
  const auto &slices = Numbers(differences, "slice");
  std::map<double, std::size_t> position;
  for (const std::size_t row : rows) {
    position.emplace(slices[row], 0);
  }
  std::size_t next = 0;
  Grid grid(position.size());
  for (auto &slice : position) {
    slice.second = next++;
    grid["slice"][slice.second] = slice.first;
  }
  for (const std::size_t row : rows) {
    const std::string structure = Words(differences, "structure")[row];
    const std::size_t at = position[slices[row]];
    grid["mean_" + structure][at] = Numbers(differences, "mean")[row];
    grid["difference_" + structure][at] = Numbers(differences, "difference")[row];
  }
  return grid;
}

/// Two rows per structure: from the smallest to the largest mean, at the height of bias and limits.
Grid LinesOf(const raterlens::Table &limits, const Pair &pair, Grid &points) {
  Grid grid(2);
  for (const std::size_t row : RowsOf(limits, pair)) {
    const std::string structure = Words(limits, "structure")[row];
    auto &x = grid["mean_" + structure];
    for (const double mean : points["mean_" + structure]) {
      x[0] = std::fmin(x[0], mean); // fmin and fmax pass NaN over
      x[1] = std::fmax(x[1], mean);
    }
    for (const char *line : {"bias", "lower_limit", "upper_limit"}) {
      grid[line + ("_" + structure)].assign(2, Numbers(limits, line)[row]);
    }
  }
  return grid;
}

void AddLines(Chart &chart, const RaterStructure &structure) {
  const std::string &title = structure.Structure.title, &name = structure.Structure.name;
  const auto add = [&](const std::string &label, const std::string &column, int style) {
    auto *line = AddSeries(chart, 1, title + label, "mean_" + name, column + "_" + name, structure);
    line->SetMarkerStyle(vtkMRMLPlotSeriesNode::MarkerStyleNone);
    line->SetLineStyle(style);
  };
  add(", bias", "bias", vtkMRMLPlotSeriesNode::LineStyleSolid);
  add(", upper limit", "upper_limit", vtkMRMLPlotSeriesNode::LineStyleDash);
  add(", lower limit", "lower_limit", vtkMRMLPlotSeriesNode::LineStyleDash);
}

Chart MakeBlandAltmanChart(const raterlens::Table &differences, const raterlens::Table &limits,
                           const Pair &pair, const std::vector<RaterStructure> &structures) {
  const std::string names = pair.A + Minus + pair.B;
  Chart chart = NewChart("Bland-Altman of areas: " + names, std::string("Mean area (") + SquareMm + ")",
                         "Difference " + names + " (" + SquareMm + ")");
  Grid points = PointsOf(differences, pair);
  Grid lines = LinesOf(limits, pair, points);
  const bool withLines = structures.size() <= MostStructuresWithLines;
  for (const RaterStructure &structure : structures) {
    const std::string &name = structure.Structure.name;
    points["mean_" + name]; // so that every structure has its columns
    points["difference_" + name];
    auto *series =
        AddSeries(chart, 0, structure.Structure.title, "mean_" + name, "difference_" + name, structure);
    series->SetLineStyle(vtkMRMLPlotSeriesNode::LineStyleNone);
    if (withLines) {
      AddLines(chart, structure);
    }
  }
  chart.Tables.push_back(points.Node("bland_altman_points", "Areas, " + names));
  if (withLines) {
    chart.Tables.push_back(lines.Node("bland_altman_lines", "Limits of areas, " + names));
  }
  return chart;
}

} // namespace

std::vector<Chart> MakeBlandAltmanCharts(const std::vector<raterlens::Table> &tables,
                                         const std::vector<RaterStructure> &structures) {
  const raterlens::Table &differences = TableOf(tables, "differences");
  const raterlens::Table &limits = TableOf(tables, "limits_of_agreement");
  std::vector<Chart> charts;
  for (const Pair &pair : PairsOf(limits)) {
    charts.push_back(MakeBlandAltmanChart(differences, limits, pair, structures));
  }
  return charts;
}

Chart MakeVarianceChart(const std::vector<raterlens::Table> &tables,
                        const std::vector<RaterStructure> &structures) {
  const raterlens::Table &variance = TableOf(tables, "variance");
  const auto &names = Words(variance, "structure");
  const auto &slices = Numbers(variance, "slice"), &means = Numbers(variance, "mean_variance_where_drawn");
  double last = -1.0;
  for (const double slice : slices) {
    last = std::fmax(last, slice);
  }
  Grid grid(static_cast<std::size_t>(last + 1.0));
  Chart chart = NewChart("Rater variance by slice", "Slice (index along the slice axis)",
                         "Mean variance of soft labels where drawn (0 to 0.25)");
  for (std::size_t row = 0; row < names.size(); ++row) {
    if (!std::isnan(slices[row])) { // NaN: the whole image
      const auto at = static_cast<std::size_t>(slices[row]);
      grid["slice"][at] = slices[row];
      grid["variance_" + names[row]][at] = means[row];
    }
  }
  for (const RaterStructure &structure : structures) {
    const std::string column = "variance_" + structure.Structure.name;
    grid[column];
    AddSeries(chart, 0, structure.Structure.title, "slice", column, structure);
  }
  chart.Tables.push_back(grid.Node("variance_by_slice", "Rater variance by slice"));
  return chart;
}

void AddChart(const Chart &chart, vtkMRMLScene *scene, SceneChange &change) {
  for (const auto &table : chart.Tables) {
    table->SetName(scene->GenerateUniqueName(table->GetName()).c_str());
    change.Add(table);
  }
  for (const Chart::Series &series : chart.AllSeries) {
    change.Add(series.Node); // the legend shows its name: it stays as it is
    series.Node->SetAndObserveTableNodeID(chart.Tables.at(series.Table)->GetID());
    chart.Node->AddAndObservePlotSeriesNodeID(series.Node->GetID());
  }
  chart.Node->SetName(scene->GenerateUniqueName(chart.Node->GetName()).c_str());
  change.Add(chart.Node);
}

const raterlens::Table &TableOf(const std::vector<raterlens::Table> &tables, const std::string &name) {
  for (const raterlens::Table &table : tables) {
    if (table.name == name) {
      return table;
    }
  }
  throw std::runtime_error("The result has no table \"" + name + "\".");
}

const std::vector<double> &Numbers(const raterlens::Table &table, const std::string &column) {
  return Column<double>(table, column);
}

const std::vector<std::string> &Words(const raterlens::Table &table, const std::string &column) {
  return Column<std::string>(table, column);
}

} // namespace RaterLensModule
