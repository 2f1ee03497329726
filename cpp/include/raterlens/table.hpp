// Results as tables, with the same columns as in the program's CSV files.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace raterlens {

/// One column of a table: words, or numbers (NaN where one is undefined).
struct TableColumn {
  std::string name; ///< For code, with the unit at its end: "area_mm2".
  std::variant<std::vector<double>, std::vector<std::string>> values;
};

/// Columns of equal length under a name.
struct Table {
  std::string name;  ///< For code: "limits_of_agreement".
  std::string title; ///< For people.
  std::vector<TableColumn> columns;
};

} // namespace raterlens
